/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * etc_text - what programs inside a namespace read in /etc, made of what the host's files say
 */
#include "etc_text.h"

#include <arpa/inet.h>

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

const char *etc_text_nsswitch(struct arena *arena, const char *host)
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

const char *etc_text_resolv_conf(struct arena *arena, const char *host, size_t *ret_n_servers)
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

const char *etc_text_join_hosts(struct arena *arena, const char *const *texts, size_t n)
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

const char *etc_text_lone_hosts(struct arena *arena, const char *name)
{
	return arena_printf(arena,
		"127.0.0.1\tlocalhost\n"
		"::1\tlocalhost ip6-localhost ip6-loopback\n"
		"127.0.1.1\t%s\n",
		name);
}
