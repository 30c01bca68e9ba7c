/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log - lines for the journal, with fields, or for stderr where that is not the journal
 *
 * What is told may hold text that a client sent. It is never a format, and its control characters are written as escapes,
 * so that it can neither forge a second line nor steer a terminal. Nothing is allocated: a line has a bound.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include "log.h"

#define LINE_MAX_BYTES  2048U /* of a message; longer ones are cut */
#define FIELD_MAX_BYTES 128U  /* names have 48 characters */

static struct {
	int level;
	bool is_journal;
} log_state = { .level = LOG_INFO };

/* systemd tells by $JOURNAL_STREAM which file it connected to the journal; it is ours only if stderr is still that one. */
static bool log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char is[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(is, sizeof(is), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	return streq(stream, is);
}

void log_open(int level)
{
	log_state.level = level;
	log_state.is_journal = log_is_journal();
}

void log_set_level(int level)
{
	log_state.level = level;
}

static bool log_is_plain(char c)
{
	return c >= ' ' && c <= '~';
}

/* The text with all that is not plain ASCII as \xNN, cut where there is no room. */
static void log_escape(const char *text, char *ret, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		size_t need = log_is_plain(*text) ? 1 : 4;

		if (n + need >= size)
			break;
		if (need == 1) {
			ret[n++] = *text;
			continue;
		}
		ret[n++] = '\\';
		ret[n++] = 'x';
		ret[n++] = digits[c >> 4];
		ret[n++] = digits[c & 15];
	}
	ret[n] = '\0';
}

static bool log_has_uid(const struct log_fields *fields)
{
	return fields->uid != LOG_UID_NONE;
}

/* 0, or -errno where the journal does not listen. */
static int log_to_journal(int level, const struct log_fields *fields, const char *message)
{
	char text[LINE_MAX_BYTES + 16], priority[16], identifier[FIELD_MAX_BYTES];
	char namespace_name[FIELD_MAX_BYTES], network_name[FIELD_MAX_BYTES], uid[32];
	struct iovec iov[6];
	int n = 0;

	(void)snprintf(text, sizeof(text), "MESSAGE=%s", message);
	(void)snprintf(priority, sizeof(priority), "PRIORITY=%d", level);
	(void)snprintf(identifier, sizeof(identifier), "SYSLOG_IDENTIFIER=%s",
		program_invocation_short_name);
	iov[n++] = (struct iovec){ text, strlen(text) };
	iov[n++] = (struct iovec){ priority, strlen(priority) };
	iov[n++] = (struct iovec){ identifier, strlen(identifier) };
	if (fields->namespace_name) {
		(void)snprintf(namespace_name, sizeof(namespace_name), "NSNET_NAMESPACE=%s",
			fields->namespace_name);
		iov[n++] = (struct iovec){ namespace_name, strlen(namespace_name) };
	}
	if (fields->network_name) {
		(void)snprintf(network_name, sizeof(network_name), "NSNET_NETWORK=%s",
			fields->network_name);
		iov[n++] = (struct iovec){ network_name, strlen(network_name) };
	}
	if (log_has_uid(fields)) {
		(void)snprintf(uid, sizeof(uid), "NSNET_UID=%u", fields->uid);
		iov[n++] = (struct iovec){ uid, strlen(uid) };
	}
	return sd_journal_sendv(iov, n);
}

static size_t log_append(char *line, size_t size, size_t at, const char *name, const char *value)
{
	int n = snprintf(
		line + at, size - at, "%s%s=%s", line[at - 1] == '[' ? "" : " ", name, value);

	return n > 0 ? at + (size_t)n : at;
}

/* One write(2) for a whole line, so that lines of several writers do not mix. */
static void log_to_stderr(int level, const struct log_fields *fields, const char *message)
{
	/* Room for the message, three fields and what stands around them, so nothing below is cut. */
	char line[LINE_MAX_BYTES + 4 * FIELD_MAX_BYTES], value[32];
	size_t n = 0;

	/* The journal's own mark of the level, for when stderr leads there but its other door is shut. */
	if (log_state.is_journal)
		n = (size_t)snprintf(line, sizeof(line), "<%d>", level);
	n += (size_t)snprintf(
		line + n, sizeof(line) - n, "%.64s: %s", program_invocation_short_name, message);
	if (fields->namespace_name || fields->network_name || log_has_uid(fields)) {
		line[n++] = ' ';
		line[n++] = '[';
		if (fields->namespace_name)
			n = log_append(line, sizeof(line), n, "namespace", fields->namespace_name);
		if (fields->network_name)
			n = log_append(line, sizeof(line), n, "network", fields->network_name);
		if (log_has_uid(fields)) {
			(void)snprintf(value, sizeof(value), "%u", fields->uid);
			n = log_append(line, sizeof(line), n, "uid", value);
		}
		line[n++] = ']';
	}
	line[n++] = '\n';
	/* Where a log line cannot be written there is nobody left to tell. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

static void log_write(int level, const struct log_fields *fields, const char *format,
	va_list arguments) attribute_printf(3, 0);

static void log_write(
	int level, const struct log_fields *fields, const char *format, va_list arguments)
{
	char raw[LINE_MAX_BYTES], message[LINE_MAX_BYTES];
	char namespace_name[FIELD_MAX_BYTES - 32], network_name[FIELD_MAX_BYTES - 32];
	struct log_fields plain = { .uid = fields->uid };
	int saved = errno; /* for %m, and for the caller */

	if (LOG_PRI(level) > log_state.level)
		return;
	(void)vsnprintf(raw, sizeof(raw), format, arguments);
	log_escape(raw, message, sizeof(message));
	if (fields->namespace_name) {
		log_escape(fields->namespace_name, namespace_name, sizeof(namespace_name));
		plain.namespace_name = namespace_name;
	}
	if (fields->network_name) {
		log_escape(fields->network_name, network_name, sizeof(network_name));
		plain.network_name = network_name;
	}
	if (!log_state.is_journal || log_to_journal(LOG_PRI(level), &plain, message) < 0)
		log_to_stderr(LOG_PRI(level), &plain, message);
	errno = saved;
}

void log_line(int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_write(level, &(struct log_fields){ .uid = LOG_UID_NONE }, format, arguments);
	va_end(arguments);
}

void log_about(int level, const struct log_fields *fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_write(level, fields, format, arguments);
	va_end(arguments);
}
