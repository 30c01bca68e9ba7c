/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main - nsnetd: named network namespaces for everyone on the host
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "check.h"
#include "listener.h"
#include "log.h"
#include "manager.h"
#include "noexec.h"
#include "version.h"

#define EXIT_USAGE  64 /* EX_USAGE of sysexits.h */
#define EXIT_CONFIG 78 /* EX_CONFIG */

/* What systemd calls the descriptor of the host's /run/netns (OpenFile=). */
#define JOIN_NAME "join"

struct options {
	const char *socket, *config, *join;
	bool is_check, is_clear;
};

static void print_help(void)
{
	(void)printf(
		"nsnetd [OPTIONS]\n\n"
		"Serves network namespaces to the members of the control group.\n\n"
		"  --socket PATH   listen there, where systemd hands over no socket\n"
		"  --config FILE   read that instead of " CONFIG_PATH "\n"
		"  --join PATH     the host's /run/netns, where this process has mounts of its own\n"
		"  --check         tell whether this system can do what is promised, and end\n"
		"  --clear         delete all namespaces and networks there are, and end\n"
		"  --help\n"
		"  --version\n\n"
		"See nsnetd(8), nsnetd.conf(5), nsnetctl(1).\n");
}

/* -1: go on; else the status to leave with. */
static int read_options(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "config", required_argument, NULL, 'c' },
		{ "join", required_argument, NULL, 'j' },
		{ "check", no_argument, NULL, 'k' },
		{ "clear", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int option;

	*ret = (struct options){ .config = CONFIG_PATH };
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 's':
			ret->socket = optarg;
			break;
		case 'c':
			ret->config = optarg;
			break;
		case 'j':
			ret->join = optarg;
			break;
		case 'k':
			ret->is_check = true;
			break;
		case 'C':
			ret->is_clear = true;
			break;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		case 'V':
			(void)printf("nsnetd %s\n", NSNET_VERSION);
			return EXIT_SUCCESS;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "nsnetd: unexpected word \"%s\"\nsee nsnetd --help\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

/* A descriptor for each namespace and each connection: as many as the unit allows. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* What systemd hands over. */
struct handed {
	int n;        /* descriptors, from SD_LISTEN_FDS_START */
	char **names; /* of each, or NULL */
};

static void free_names(struct handed *handed)
{
	for (int i = 0; handed->names && i < handed->n; i++)
		free(handed->names[i]);
	free(handed->names);
}

static bool is_to_join(const struct handed *handed, int i)
{
	return handed->names && streq(handed->names[i], JOIN_NAME);
}

static int listen_all(
	struct manager *manager, const struct options *options, const struct handed *handed)
{
	int n = 0, r = 0;

	for (int i = 0; r >= 0 && i < handed->n; i++) {
		if (is_to_join(handed, i))
			continue;
		r = manager_listen(manager, SD_LISTEN_FDS_START + i);
		n++;
	}
	if (r >= 0 && options->socket)
		return manager_listen_path(manager, options->socket);
	if (r >= 0 && n == 0) {
		log_line(LOG_ERR, "no socket to serve: start nsnetd.socket, or give --socket PATH");
		return -EDESTADDRREQ;
	}
	return r;
}

/* A namespace that nobody on the host would see must not be made. */
static int join(const struct options *options, const struct handed *handed)
{
	autoclose int host = -EBADF;
	int r;

	for (int i = 0; host < 0 && i < handed->n; i++)
		if (is_to_join(handed, i))
			host = SD_LISTEN_FDS_START + i;
	if (host < 0 && !options->join)
		return 0;
	if (host < 0)
		host = open(options->join, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = host < 0 ? neg() : kernel_join(&kernel_paths_default, host);
	if (r == -EINVAL || r == -ENOSYS)
		log_line(LOG_ERR,
			"%s cannot be shared with the host's: that takes Linux 5.15, and a shared mount on the host "
			"(mount --make-shared %s); see \"WHAT THE DAEMON IS KEPT FROM\" in nsnetd(8)",
			kernel_paths_default.netns, kernel_paths_default.netns);
	else if (r < 0)
		log_line(LOG_ERR, "%s cannot be shared with the host's%s%s: %s",
			kernel_paths_default.netns, options->join ? ", " : "",
			options->join ? options->join : "", strerror(-r));
	return r;
}

static int serve(struct config *config, const struct options *options, const struct handed *handed)
{
	cleanup(manager_free) struct manager *manager = NULL;
	int r = join(options, handed);

	/* Where the system is not made for it another start would not help. */
	if (r < 0)
		return r == -EINVAL || r == -ENOSYS || r == -EXDEV ? EXIT_CONFIG : EXIT_FAILURE;
	/* As a service; started by hand it may be traced, wrapped and measured. */
	r = handed->n > 0 ? noexec_begin() : 0;
	if (r < 0 && r != -EOPNOTSUPP)
		log_line(LOG_WARNING, "other programs could be run from here: %s", strerror(-r));
	if (manager_new(config, options->config, &kernel_paths_default, &manager) < 0 ||
		listen_all(manager, options, handed) < 0 || manager_run(manager) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/* Not beside another one, who would make again what goes. */
static int clear(struct config *config, const struct options *options)
{
	cleanup(manager_free) struct manager *manager = NULL;
	const char *socket = options->socket ? options->socket : LISTENER_PATH;
	int r = listener_is_at(socket);

	if (r < 0) {
		log_line(LOG_ERR, "/proc/net/unix: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	if (r > 0) {
		log_line(LOG_ERR, "%s is served; try: systemctl stop nsnetd.socket nsnetd.service",
			socket);
		return EXIT_FAILURE;
	}
	if (manager_new(config, options->config, &kernel_paths_default, &manager) < 0 ||
		manager_clear(manager) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct config config;
	const char *wrong = NULL;
	struct handed handed = { 0 };
	int status = read_options(argc, argv, &options), r;

	if (status >= 0)
		return status;
	if (options.is_check)
		return check_all(options.config, options.socket);
	(void)umask(0077);
	raise_limits();
	log_open(LOG_INFO);
	handed.n = sd_listen_fds_with_names(1, &handed.names);
	if (handed.n < 0) {
		log_line(LOG_ERR, "the sockets that are handed over cannot be told: %s",
			strerror(-handed.n));
		return EXIT_FAILURE;
	}
	r = config_load(options.config, &config, &wrong);
	if (r < 0) {
		log_line(LOG_ERR, "%s", wrong);
		status = r == -EINVAL ? EXIT_CONFIG : EXIT_FAILURE;
	} else {
		log_set_level(config.log_level);
		status = options.is_clear ? clear(&config, &options)
					  : serve(&config, &options, &handed);
	}
	config_done(&config);
	free_names(&handed);
	return status;
}
