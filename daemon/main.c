/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main - nsnetd: named network namespaces for everyone on the host
 */
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
#include "version.h"

#define EXIT_USAGE  64 /* EX_USAGE of sysexits.h */
#define EXIT_CONFIG 78 /* EX_CONFIG */

struct options {
	const char *socket, *config;
	bool is_check, is_clear;
};

static void print_help(void)
{
	(void)printf("nsnetd [OPTIONS]\n\n"
		     "Serves network namespaces to the members of the control group.\n\n"
		     "  --socket PATH   listen there, where systemd hands over no socket\n"
		     "  --config FILE   read that instead of " CONFIG_PATH "\n"
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

static int listen_all(struct manager *manager, const struct options *options)
{
	int n = sd_listen_fds(1), r = 0;

	if (n < 0) {
		log_line(LOG_ERR, "the sockets that are handed over cannot be told: %s",
			strerror(-n));
		return n;
	}
	for (int i = 0; r >= 0 && i < n; i++)
		r = manager_listen(manager, SD_LISTEN_FDS_START + i);
	if (r >= 0 && options->socket)
		return manager_listen_path(manager, options->socket);
	if (r >= 0 && n == 0) {
		log_line(LOG_ERR, "no socket to serve: start nsnetd.socket, or give --socket PATH");
		return -EDESTADDRREQ;
	}
	return r;
}

static int serve(struct config *config, const struct options *options)
{
	cleanup(manager_free) struct manager *manager = NULL;

	if (manager_new(config, options->config, &kernel_paths_default, &manager) < 0 ||
		listen_all(manager, options) < 0 || manager_run(manager) < 0)
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
	int status = read_options(argc, argv, &options), r;

	if (status >= 0)
		return status;
	if (options.is_check)
		return check_all(options.config, options.socket);
	(void)umask(0077);
	raise_limits();
	log_open(LOG_INFO);
	r = config_load(options.config, &config, &wrong);
	if (r < 0) {
		log_line(LOG_ERR, "%s", wrong);
		status = r == -EINVAL ? EXIT_CONFIG : EXIT_FAILURE;
	} else {
		log_set_level(config.log_level);
		status = options.is_clear ? clear(&config, &options) : serve(&config, &options);
	}
	config_done(&config);
	return status;
}
