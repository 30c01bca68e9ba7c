/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * etc - the files that programs inside a namespace see in /etc: resolv.conf, hosts, nsswitch.conf
 *
 * The first of these wins for each file:
 *   /etc/netns/NAME/FILE          the administrator's, as for ip-netns(8)
 *   /run/nsnetd/etc/NAME/…        the daemon's: resolv.conf, and hosts.NETWORK, links to what it keeps current per network
 *   the host's own, made to fit
 * A file of the daemon's is handed on as a path, to be bound as it is: it is changed in place, and programs that run see that.
 */
#include "etc.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define ADMIN_DIRECTORY  "/etc/netns"
#define DAEMON_DIRECTORY "/run/nsnetd/etc"

/* More than the hosts file of a full network; a file of another size is none of these. */
enum { FILE_MAX = 16 * 1024 * 1024 };

#define BLANK " \t\r"

/* Takes the next line from *text, without its line feed; false at the end. */
static bool next_line(const char **text, const char **ret_line, size_t *ret_length)
{
	size_t n = strcspn(*text, "\n");

	if (!**text)
		return false;
	*ret_line = *text;
	*ret_length = n;
	*text += n + ((*text)[n] == '\n');
	return true;
}

/* The next word of a line; false where there is none before its end or a comment. */
static bool next_word(const char **at, const char *end, const char **ret_word, size_t *ret_length)
{
	const char *word = *at, *stop;

	while (word < end && strchr(BLANK, *word))
		word++;
	if (word == end || *word == '#' || *word == ';')
		return false;
	for (stop = word; stop < end && !strchr(BLANK, *stop);)
		stop++;
	*at = stop;
	*ret_word = word;
	*ret_length = (size_t)(stop - word);
	return true;
}

static bool is_word(const char *word, size_t length, const char *text)
{
	return strlen(text) == length && strncmp(word, text, length) == 0;
}

/* A text that grows by lines. */
struct lines {
	char *text;
	size_t n;
};

/* Room for max bytes, which the caller knows from what he reads. */
static struct lines lines_new(struct arena *arena, size_t max)
{
	return (struct lines){ arena_alloc(arena, max + 1), 0 };
}

static void lines_add(struct lines *lines, const char *line, size_t length)
{
	memcpy(lines->text + lines->n, line, length);
	lines->n += length;
	lines->text[lines->n++] = '\n';
}

#define HOSTS_DATABASE "hosts:"

/* "hosts:" with what is kept of it: files and dns, in the order they had. */
static void keep_sources(struct lines *lines, const char *line, size_t length)
{
	static const char *const all[] = { HOSTS_DATABASE " files dns", HOSTS_DATABASE " files",
		HOSTS_DATABASE " dns files", HOSTS_DATABASE " dns" };
	const char *end = line + length, *at = line, *word, *kept;
	bool has_files = false, has_dns = false, is_dns_first = false;
	size_t n;

	(void)next_word(&at, end, &word, &n);
	/* "hosts:files" is one word to us. */
	at = word + strlen(HOSTS_DATABASE);
	while (next_word(&at, end, &word, &n)) {
		has_files = has_files || is_word(word, n, "files");
		has_dns = has_dns || is_word(word, n, "dns");
		is_dns_first = is_dns_first || (has_dns && !has_files);
	}
	/* Where neither is left, the names of the networks are in files. */
	if (has_files == has_dns)
		kept = is_dns_first ? all[2] : all[0];
	else
		kept = has_files ? all[1] : all[3];
	lines_add(lines, kept, strlen(kept));
}

const char *etc_nsswitch(struct arena *arena, const char *host)
{
	static const char both[] = HOSTS_DATABASE " files dns";
	struct lines lines;
	const char *line;
	size_t length, n_lines = 1;
	bool is_done = false;

	for (const char *c = host; *c; c++)
		n_lines += *c == '\n';
	/* A line may grow by what it lacks. */
	lines = lines_new(arena, strlen(host) + (n_lines + 1) * (sizeof(both) + 1));
	while (next_line(&host, &line, &length)) {
		const char *at = line, *word;
		size_t n;

		if (!next_word(&at, line + length, &word, &n) || n < strlen(HOSTS_DATABASE) ||
			strncmp(word, HOSTS_DATABASE, strlen(HOSTS_DATABASE)) != 0) {
			lines_add(&lines, line, length);
			continue;
		}
		is_done = true;
		keep_sources(&lines, line, length);
	}
	/* Where the line is absent, the C library's own default asks the name servers before the files. */
	if (!is_done)
		lines_add(&lines, both, strlen(both));
	return lines.text;
}

/* Loopback, nowhere, or on a link of the host: not there inside. */
static bool is_out_of_reach(const char *server, size_t length)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;
	const char *scope = memchr(server, '%', length);

	if (scope)
		return true;
	if (length >= sizeof(text))
		return false;
	memcpy(text, server, length);
	text[length] = '\0';
	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127 || four.s_addr == 0;
	if (inet_pton(AF_INET6, text, &six) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return six.s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six) ||
	       IN6_IS_ADDR_LINKLOCAL(&six);
}

const char *etc_resolv_conf(struct arena *arena, const char *host, size_t *ret_n_servers)
{
	struct lines lines = lines_new(arena, strlen(host) + 1);
	const char *line;
	size_t length;

	*ret_n_servers = 0;
	while (next_line(&host, &line, &length)) {
		const char *at = line, *word;
		size_t n;

		if (!next_word(&at, line + length, &word, &n))
			continue;
		if (is_word(word, n, "nameserver")) {
			if (!next_word(&at, line + length, &word, &n) || is_out_of_reach(word, n))
				continue;
			++*ret_n_servers;
		}
		lines_add(&lines, line, length);
	}
	return lines.text;
}

/* Lines are few where this is needed (several networks); comparing each with all before it is quick enough for them. */
static bool has_line(const struct lines *lines, const char *line, size_t length)
{
	const char *text = lines->text, *other;
	size_t n;

	while (next_line(&text, &other, &n)) {
		if (n == length && memcmp(other, line, n) == 0)
			return true;
	}
	return false;
}

const char *etc_join_hosts(struct arena *arena, const char *const *texts, size_t n)
{
	struct lines lines;
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += strlen(texts[i]) + 1;
	lines = lines_new(arena, size);
	for (size_t i = 0; i < n; i++) {
		const char *text = texts[i], *line;
		/* Within one file no line is repeated, so only those of the files before are looked through. */
		struct lines before = { arena_strndup(arena, lines.text, lines.n), lines.n };
		size_t length;

		while (next_line(&text, &line, &length)) {
			const char *at = line, *word;
			size_t word_length;

			/* The daemon's lines are filled up to a fixed length, places that are free hold comments. */
			while (length > 0 && strchr(BLANK, line[length - 1]))
				length--;
			if (next_word(&at, line + length, &word, &word_length) &&
				!has_line(&before, line, length))
				lines_add(&lines, line, length);
		}
	}
	return lines.text;
}

const char *etc_lone_hosts(struct arena *arena, const char *name)
{
	return arena_printf(arena,
		"127.0.0.1\tlocalhost\n"
		"::1\tlocalhost ip6-localhost ip6-loopback\n"
		"127.0.1.1\t%s\n",
		name);
}

/* The whole of a file; 0, or a negative errno. */
static int read_file(struct arena *arena, const char *path, const char **ret)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t size = 4096, length = 0;
	struct stat status;
	char *text;

	if (fd < 0 || fstat(fd, &status) < 0)
		return neg();
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	text = arena_alloc(arena, size + 1);
	/* Its size is not asked for: files of /proc, where some resolv.conf lead, say 0. */
	for (;;) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0)
			return neg();
		if (n == 0)
			break;
		length += (size_t)n;
		if (length == size) {
			char *more = arena_alloc(arena, 2 * size + 1);

			if (size >= FILE_MAX)
				return -EFBIG;
			text = memcpy(more, text, length);
			size *= 2;
		}
	}
	text[length] = '\0';
	*ret = text;
	return 0;
}

static void add(struct arena *arena, struct etc *etc, struct etc_file file)
{
	struct etc_file *more = arena_array(arena, etc->n + 1, sizeof(*more));

	if (etc->n > 0)
		memcpy(more, etc->files, etc->n * sizeof(*more));
	more[etc->n++] = file;
	etc->files = more;
}

static bool has_target(const struct etc *etc, const char *target)
{
	for (size_t i = 0; i < etc->n; i++) {
		if (streq(etc->files[i].target, target))
			return true;
	}
	return false;
}

/* Calls back for each entry of a directory but hidden ones; none where there is no directory. */
static int each_entry(const char *path, struct problem *problem,
	void (*on_entry)(
		const char *path, const char *name, void *userdata, struct problem *problem),
	void *userdata)
{
	DIR *directory = opendir(path);
	int r = 0;

	if (!directory)
		return errno == ENOENT ? 0 : problem_errno(problem, neg(), "reading %s", path);
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(directory);
		if (!entry) {
			if (errno != 0)
				r = problem_errno(problem, neg(), "reading %s", path);
			break;
		}
		if (entry->d_name[0] != '.')
			on_entry(path, entry->d_name, userdata, problem);
	}
	(void)closedir(directory);
	return r;
}

static void on_admin_entry(
	const char *path, const char *name, void *userdata, struct problem *problem)
{
	add(problem->arena, userdata,
		(struct etc_file){ .target = arena_printf(problem->arena, "/etc/%s", name),
			.path = arena_printf(problem->arena, "%s/%s", path, name) });
}

struct paths {
	const char **items;
	size_t n;
};

static void on_daemon_entry(
	const char *path, const char *name, void *userdata, struct problem *problem)
{
	struct paths *paths = userdata;
	const char *entry = arena_printf(problem->arena, "%s/%s", path, name);
	const char **more;

	/* A link to the file of a network that has just gone has nothing to tell. */
	if (!after(name, "hosts.") || (access(entry, F_OK) < 0 && errno == ENOENT))
		return;
	more = arena_array(problem->arena, paths->n + 1, sizeof(const char *));
	if (paths->n > 0)
		memcpy(more, paths->items, paths->n * sizeof(const char *));
	more[paths->n++] = entry;
	paths->items = more;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int gather_hosts(const char *name, struct etc *etc, struct problem *problem)
{
	struct arena *arena = problem->arena;
	struct etc_file file = { .target = "/etc/hosts" };
	struct paths paths = { NULL, 0 };
	const char **texts;
	int r = each_entry(arena_printf(arena, DAEMON_DIRECTORY "/%s", name), problem,
		on_daemon_entry, &paths);

	if (r != 0)
		return r;
	if (paths.n == 0) {
		file.text = etc_lone_hosts(arena, name);
	} else if (paths.n == 1) {
		file.path = paths.items[0];
	} else {
		qsort(paths.items, paths.n, sizeof(*paths.items), compare_paths);
		texts = arena_array(arena, paths.n, sizeof(*texts));
		for (size_t i = 0; i < paths.n; i++) {
			r = read_file(arena, paths.items[i], &texts[i]);
			if (r < 0)
				return problem_errno(problem, r, "reading %s", paths.items[i]);
		}
		file.text = etc_join_hosts(arena, texts, paths.n);
	}
	add(arena, etc, file);
	return 0;
}

static int gather_resolv_conf(const char *name, struct etc *etc, struct problem *problem)
{
	/* The second has the servers that systemd-resolved asks, where the first names only itself. */
	static const char *const sources[] = { "/etc/resolv.conf",
		"/run/systemd/resolve/resolv.conf" };
	struct arena *arena = problem->arena;
	struct etc_file file = { .target = "/etc/resolv.conf",
		.path = arena_printf(arena, DAEMON_DIRECTORY "/%s/resolv.conf", name) };
	size_t n_servers = 0;

	if (access(file.path, F_OK) < 0) {
		if (errno != ENOENT)
			return problem_errno(problem, neg(), "reading %s", file.path);
		file.path = NULL;
		file.text = "";
	}
	for (size_t i = 0; !file.path && i < lengthof(sources) && n_servers == 0; i++) {
		const char *host = "", *made;
		int r = read_file(arena, sources[i], &host);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return problem_errno(problem, r, "reading %s", sources[i]);
		made = etc_resolv_conf(arena, host, &n_servers);
		/* Without servers the first is still the host's word on search and options. */
		if (i == 0 || n_servers > 0)
			file.text = made;
	}
	add(arena, etc, file);
	return 0;
}

static int gather_nsswitch(struct etc *etc, struct problem *problem)
{
	struct etc_file file = { .target = "/etc/nsswitch.conf" };
	const char *host = "";
	int r = read_file(problem->arena, file.target, &host);

	/* There is nothing to put a file over, then. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return problem_errno(problem, r, "reading %s", file.target);
	file.text = etc_nsswitch(problem->arena, host);
	add(problem->arena, etc, file);
	return 0;
}

int etc_gather(const char *name, struct etc *ret, struct problem *problem)
{
	struct etc etc = { NULL, 0 };
	int r = each_entry(arena_printf(problem->arena, ADMIN_DIRECTORY "/%s", name), problem,
		on_admin_entry, &etc);

	if (r == 0 && !has_target(&etc, "/etc/hosts"))
		r = gather_hosts(name, &etc, problem);
	if (r == 0 && !has_target(&etc, "/etc/resolv.conf"))
		r = gather_resolv_conf(name, &etc, problem);
	if (r == 0 && !has_target(&etc, "/etc/nsswitch.conf"))
		r = gather_nsswitch(&etc, problem);
	if (r == 0)
		*ret = etc;
	return r;
}

/* Those of one text, in its order. */
static struct string_list list_servers(struct arena *arena, const char *text)
{
	struct string_list list = { arena_array(arena, strlen(text) / 2 + 1, sizeof(char *)), 0 };
	char *copy = arena_strdup(arena, text);

	for (const char *line; (line = strsep(&copy, "\n"));) {
		const char *rest = after(line, "nameserver");
		size_t n = rest ? strspn(rest, " \t") : 0;

		if (n > 0 && rest[n])
			list.items[list.n++] =
				arena_strndup(arena, rest + n, strcspn(rest + n, " \t"));
	}
	return list;
}

struct string_list etc_name_servers(const char *name, struct arena *arena)
{
	struct problem none = { .arena = arena };
	const char *text = "";
	struct etc etc;

	if (access(arena_printf(arena, DAEMON_DIRECTORY "/%s", name), F_OK) < 0 ||
		etc_gather(name, &etc, &none) != 0)
		return (struct string_list){ 0 };
	for (size_t i = 0; i < etc.n; i++) {
		if (!streq(etc.files[i].target, "/etc/resolv.conf"))
			continue;
		text = etc.files[i].text;
		if (!text && read_file(arena, etc.files[i].path, &text) < 0)
			text = "";
	}
	return list_servers(arena, text);
}
