/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hosts - a network's hosts file, and the directory of what goes over a namespace's /etc
 *
 * A hosts file is bound over /etc/hosts in mount namespaces that live as long as a program does. So it is changed in place and
 * never replaced: its head and its lines have fixed lengths, and a name is written at its place by one pwrite(2), whatever
 * the number of the others. Each file is alone in a directory of its network's, hosts/NETWORK/hosts, which the network's name
 * server watches: it reads the file again when one who wrote to it closes it.
 */
#include "hosts.h"

#include <fcntl.h>
#include <stdio.h>

#include "file.h"
#include "log.h"

#define FILE_NAME   "hosts"
#define RESOLV_CONF "resolv.conf"

#define HEAD_SIZE  256
#define LINE_SIZE  128
#define PLACE_SIZE (FAMILIES * LINE_SIZE)

static_assert(
	ADDRESS_TEXT_MAX + NAME_SIZE < LINE_SIZE, "a line takes the longest name and address");

static const char head[] = "127.0.0.1\tlocalhost\n"
			   "::1\tlocalhost ip6-localhost ip6-loopback\n"
			   "ff02::1\tip6-allnodes\n"
			   "ff02::2\tip6-allrouters\n";

/* Text and spaces up to the line's end. */
static void pad(char *line, size_t size, const char *text)
{
	(void)snprintf(line, size, "%-*s", (int)size - 1, text);
	line[size - 1] = '\n';
}

/* For writing; negative errno. */
static int open_file(const struct kernel *kernel, const char *network, int flags)
{
	char path[NAME_SIZE + sizeof("/" FILE_NAME)];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" FILE_NAME, network);
	fd = openat(
		kernel->hosts, path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0644);
	return fd < 0 ? neg() : fd;
}

static int make_directory(const struct kernel *kernel, const char *network)
{
	int fd = file_open_directory(kernel->hosts, network, 0755);

	if (fd == -ENOTDIR) {
		/* The file itself, from before it had a directory. */
		int r = file_remove(kernel->hosts, network);

		fd = r < 0 ? r : file_open_directory(kernel->hosts, network, 0755);
	}
	if (fd < 0)
		return fd;
	(void)close_fd(fd);
	return 0;
}

static void format_head(char ret[HEAD_SIZE])
{
	static_assert(sizeof(head) < HEAD_SIZE - 1, "a comment's sign fits behind");
	memcpy(ret, head, sizeof(head) - 1);
	pad(ret + sizeof(head) - 1, HEAD_SIZE - (sizeof(head) - 1), "#");
}

static int write_head(int fd)
{
	char text[HEAD_SIZE];

	if (ftruncate(fd, 0) < 0 || fchmod(fd, 0644) < 0)
		return neg();
	format_head(text);
	return file_write_at(fd, text, sizeof(text), 0);
}

int hosts_add(struct kernel *kernel, const struct step *step)
{
	int r = make_directory(kernel, step->hosts.network);
	autoclose int fd = r < 0 ? r : open_file(kernel, step->hosts.network, O_CREAT);

	r = fd < 0 ? fd : write_head(fd);
	if (r < 0)
		(void)hosts_delete(kernel, step);
	return r;
}

int hosts_delete(struct kernel *kernel, const struct step *step)
{
	const char *network = step->hosts.network;
	char path[NAME_SIZE + sizeof("/" FILE_NAME)];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" FILE_NAME, network);
	r = file_remove(kernel->hosts, path);
	if (r == 0 && unlinkat(kernel->hosts, network, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = neg();
	return r;
}

/* A name with dots would hide one of the world's from all others of the network, who need not be its owner's: only with a domain
 * behind does it stand for itself alone. */
static int format_name(const struct step *step, char ret[LINE_SIZE])
{
	const char *domain = step->hosts.domain ? step->hosts.domain : "nsnet";
	bool has_dots = strchr(step->hosts.name, '.');
	int n;

	if (!dns_domain_is_valid(domain))
		return -EINVAL;
	n = snprintf(ret, LINE_SIZE, "%s%s%s", step->hosts.name, has_dots ? "." : "",
		has_dots ? domain : "");
	return n > LINE_SIZE - ADDRESS_TEXT_MAX - 2 ? -ENAMETOOLONG : 0;
}

/* step NULL: a free place */
static int format_place(const struct step *step, char ret[PLACE_SIZE])
{
	char name[LINE_SIZE];
	int r = step ? format_name(step, name) : 0;

	for (size_t i = 0; r == 0 && i < FAMILIES; i++) {
		char address[ADDRESS_TEXT_MAX], text[LINE_SIZE] = "#";

		if (step && address_is_set(&step->hosts.addresses[i])) {
			(void)address_format(&step->hosts.addresses[i], address);
			(void)snprintf(text, sizeof(text), "%.*s\t%.*s", ADDRESS_TEXT_MAX, address,
				LINE_SIZE - ADDRESS_TEXT_MAX - 2, name);
		}
		pad(ret + i * LINE_SIZE, LINE_SIZE, text);
	}
	return r;
}

static int write_place(const struct kernel *kernel, const struct step *step, bool is_clear)
{
	off_t place = HEAD_SIZE + (off_t)step->hosts.slot * PLACE_SIZE, end;
	autoclose int fd = open_file(kernel, step->hosts.network, 0);
	char text[PLACE_SIZE], nobody[PLACE_SIZE];
	struct stat st;
	int r = format_place(is_clear ? NULL : step, text);

	if (fd < 0)
		return fd == -ENOENT && is_clear ? 0 : fd;
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return neg();
	/* One that is cut short, by a full disk, is mended. */
	end = st.st_size < HEAD_SIZE
		      ? st.st_size
		      : HEAD_SIZE + (st.st_size - HEAD_SIZE) / PLACE_SIZE * PLACE_SIZE;
	if (end < HEAD_SIZE)
		return -EUCLEAN;
	if (is_clear && place >= end)
		return 0;
	(void)format_place(NULL, nobody);
	for (; r == 0 && end < place; end += PLACE_SIZE)
		r = file_write_at(fd, nobody, sizeof(nobody), end);
	if (r < 0)
		return r;
	return file_write_at(fd, text, sizeof(text), place);
}

int hosts_set(struct kernel *kernel, const struct step *step)
{
	return write_place(kernel, step, false);
}

int hosts_clear(struct kernel *kernel, const struct step *step)
{
	return write_place(kernel, step, true);
}

/* Start-up: a file that is to say just that. */

struct line {
	char text[PLACE_SIZE];
	struct kernel_place *place;
};

static int compare_lines(const void *a, const void *b)
{
	return memcmp(((const struct line *)a)->text, ((const struct line *)b)->text, PLACE_SIZE);
}

/* The file's places; none where it is none of ours, or cut short. */
static const char *read_places(const struct kernel *kernel, const char *network,
	struct arena *arena, bool *ret_is_whole, size_t *ret_n)
{
	char path[NAME_SIZE + sizeof("/" FILE_NAME)], *text;
	char is[HEAD_SIZE];
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/" FILE_NAME, network);
	*ret_is_whole = false;
	*ret_n = 0;
	if (file_read(kernel->hosts, path, HEAD_SIZE + (size_t)HOSTS_SLOTS * PLACE_SIZE, arena,
		    &text, &n) < 0 ||
		n < HEAD_SIZE || (n - HEAD_SIZE) % PLACE_SIZE != 0)
		return NULL;
	format_head(is);
	*ret_is_whole = memcmp(text, is, HEAD_SIZE) == 0;
	*ret_n = *ret_is_whole ? (n - HEAD_SIZE) / PLACE_SIZE : 0;
	return text + HEAD_SIZE;
}

/* Each one who stands in it keeps his place, the first of them where he stands there twice. */
static void find_places(
	const char *text, size_t n, struct line *lines, size_t n_lines, bool *is_taken)
{
	for (size_t i = 0; n_lines > 0 && i < n; i++) {
		struct line key, *found;

		memcpy(key.text, text + i * PLACE_SIZE, PLACE_SIZE);
		found = bsearch(&key, lines, n_lines, sizeof(key), compare_lines);
		if (!found || found->place->slot != HOSTS_SLOTS)
			continue;
		found->place->slot = (unsigned)i;
		is_taken[i] = true;
	}
}

/* The others get what is free, in their order. */
static int fill_places(struct kernel *kernel, const struct kernel_places *places, bool *is_taken)
{
	unsigned slot = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < places->n; i++) {
		struct kernel_place *place = &places->items[i];

		if (place->slot != HOSTS_SLOTS)
			continue;
		while (slot < places->slots && is_taken[slot])
			slot++;
		if (slot == places->slots)
			return -ENOSPC;
		is_taken[slot] = true;
		place->slot = place->step.hosts.slot = slot;
		r = hosts_set(kernel, &place->step);
	}
	return r;
}

static int clear_places(struct kernel *kernel, const char *network, const char *text, size_t n,
	const bool *is_taken)
{
	char nobody[PLACE_SIZE];
	int r = format_place(NULL, nobody);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!is_taken[i] && memcmp(text + i * PLACE_SIZE, nobody, PLACE_SIZE) != 0)
			r = hosts_clear(kernel,
				&(struct step){ .type = STEP_HOSTS_CLEAR,
					.hosts = { .network = network, .slot = (unsigned)i } });
	return r;
}

static int format_lines(const struct kernel_places *places, struct line *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < places->n; i++) {
		struct kernel_place *place = &places->items[i];

		place->slot = HOSTS_SLOTS;
		ret[i].place = place;
		r = name_is_valid(place->step.hosts.name) ? format_place(&place->step, ret[i].text)
							  : -EINVAL;
	}
	if (r == 0 && places->n > 0)
		qsort(ret, places->n, sizeof(*ret), compare_lines);
	return r;
}

int kernel_match_hosts(
	struct kernel *kernel, const char *network, const struct kernel_places *places)
{
	autoarena struct arena arena = ARENA_INIT;
	struct line *lines = arena_array(&arena, places->n, sizeof(*lines));
	bool *is_taken = arena_array(&arena, HOSTS_SLOTS, sizeof(bool)), is_whole;
	const char *text;
	size_t n;
	int r = name_is_valid(network) && places->slots <= HOSTS_SLOTS ? format_lines(places, lines)
								       : -EINVAL;

	if (r < 0)
		return r;
	text = read_places(kernel, network, &arena, &is_whole, &n);
	if (!is_whole)
		r = hosts_add(
			kernel, &(struct step){ .type = STEP_HOSTS_ADD, .hosts.network = network });
	find_places(text, n < places->slots ? n : places->slots, lines, places->n, is_taken);
	if (r == 0)
		r = clear_places(kernel, network, text, n, is_taken);
	return r == 0 ? fill_places(kernel, places, is_taken) : r;
}

int hosts_delete_etc(struct kernel *kernel, const struct step *step)
{
	const char *netns = step->netns;
	autoarena struct arena arena = ARENA_INIT;
	autoclose int fd =
		openat(kernel->etc, netns, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char **names;
	size_t n;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : neg();
	/* What a crash left half-written is not listed. */
	r = file_sweep(fd);
	if (r == 0)
		r = file_list(fd, &arena, &names, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = file_remove(fd, names[i]);
	if (r == 0 && unlinkat(kernel->etc, netns, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = neg();
	return r;
}

void hosts_sweep_etc(struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	const char **names;
	size_t n = 0;
	int r = file_list(kernel->etc, &arena, &names, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (name_is_spare(names[i]))
			r = hosts_delete_etc(kernel,
				&(struct step){ .type = STEP_ETC_DELETE, .netns = names[i] });
	if (r < 0)
		log_line(LOG_WARNING, "cannot take away what was made ahead: %s", strerror(-r));
}

/* A link that leads there, whatever bore its name. */
static int put_link(int fd, const char *name, const char *target)
{
	char is[sizeof("../../hosts//" FILE_NAME) + NAME_SIZE];
	ssize_t n;
	int r;

	if (symlinkat(target, fd, name) == 0)
		return 0;
	if (errno != EEXIST)
		return neg();
	n = readlinkat(fd, name, is, sizeof(is));
	if (n == (ssize_t)strlen(target) && memcmp(is, target, (size_t)n) == 0)
		return 0;
	r = file_remove(fd, name);
	return r == 0 && symlinkat(target, fd, name) < 0 ? neg() : r;
}

static int link_hosts(int fd, const struct etc *etc)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < etc->n_networks; i++) {
		const char *network = etc->networks[i];
		char name[sizeof("hosts.") + NAME_SIZE],
			target[sizeof("../../hosts//" FILE_NAME) + NAME_SIZE];

		if (!name_is_valid(network))
			return -EINVAL;
		(void)snprintf(name, sizeof(name), "hosts.%s", network);
		(void)snprintf(target, sizeof(target), "../../hosts/%s/" FILE_NAME, network);
		r = put_link(fd, name, target);
	}
	return r;
}

/* A text behind which the former, longer one is not to be seen: blank lines, until they are cut off. */
static int overwrite(int fd, const char *text, size_t n, off_t former)
{
	autoarena struct arena arena = ARENA_INIT;
	size_t whole = former > 0 && (size_t)former > n ? (size_t)former : n;
	char *bytes = arena_alloc(&arena, whole + 1);
	int r;

	memset(bytes, '\n', whole);
	memcpy(bytes, text, n);
	r = file_write_at(fd, bytes, whole, 0);
	return r == 0 && ftruncate(fd, (off_t)n) < 0 ? neg() : r;
}

static bool is_text(int fd, const char *name, const char *text)
{
	autoarena struct arena arena = ARENA_INIT;
	char *is;
	size_t n;

	return file_read(fd, name, strlen(text), &arena, &is, &n) == 0 && n == strlen(text) &&
	       memcmp(is, text, n) == 0;
}

/* One that is there is changed in place: programs that run have that very file over their /etc/resolv.conf, and would keep the
 * former for ever were another put in its place. The C library looks at its time before each question. Who reads in that moment
 * sees the one or the other, since it is one short write. Where there was none, or there is none from now on, programs that
 * run keep what they began with. */
static int put_resolv_conf(int fd, const char *text)
{
	autoclose int file = -EBADF;
	struct stat st;

	if (!text)
		return file_remove(fd, RESOLV_CONF);
	if (is_text(fd, RESOLV_CONF, text))
		return 0;
	file = openat(fd, RESOLV_CONF, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		return file_put(fd, RESOLV_CONF, 0644, text, strlen(text), FILE_KEEP);
	if (file < 0 || fstat(file, &st) < 0)
		return neg();
	return overwrite(file, text, strlen(text), st.st_size);
}

static bool is_wanted(const struct etc *etc, const char *name)
{
	const char *network = after(name, "hosts.");

	for (size_t i = 0; network && i < etc->n_networks; i++)
		if (streq(etc->networks[i], network))
			return true;
	return streq(name, RESOLV_CONF);
}

/* At no time does anything lack that is wanted before and after. */
static int fill_etc(int fd, const struct etc *etc, bool is_new)
{
	autoarena struct arena arena = ARENA_INIT;
	const char **names;
	size_t n;
	int r = link_hosts(fd, etc);

	if (r == 0 && (etc->resolv_conf || !is_new))
		r = put_resolv_conf(fd, etc->resolv_conf);
	if (r < 0 || is_new)
		return r;
	r = file_list(fd, &arena, &names, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!is_wanted(etc, names[i]))
			r = file_remove(fd, names[i]);
	return r;
}

/* What was made ahead becomes this one's. False: it is not there, or there is something of that name already; it is nobody's
 * then. */
static bool take_over(struct kernel *kernel, const struct step *step)
{
	const struct step former = { .type = STEP_ETC_DELETE, .netns = step->etc.spare };

	if (renameat2(kernel->etc, step->etc.spare, kernel->etc, step->netns, RENAME_NOREPLACE) ==
		0)
		return true;
	(void)hosts_delete_etc(kernel, &former);
	return false;
}

int hosts_add_etc(struct kernel *kernel, const struct step *step)
{
	autoclose int fd = -EBADF;
	bool is_taken = step->etc.spare && take_over(kernel, step), is_new;
	int r, back;

	if (is_taken && step->etc.is_spare_equal)
		return 0;
	fd = file_make_directory(kernel->etc, step->netns, 0755, &is_new);
	r = fd < 0 ? fd : fill_etc(fd, &step->etc.is, is_new);
	if (r == 0 || (fd < 0 && !is_taken))
		return r;
	back = step->etc.before ? fill_etc(fd, step->etc.before, false)
				: hosts_delete_etc(kernel, step);
	if (back < 0)
		log_line(LOG_ERR, "cannot put etc/%s back: %s", step->netns, strerror(-back));
	return r;
}
