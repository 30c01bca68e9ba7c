/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_log - lines on stderr and in the journal, and what clients cannot do to them
 */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "log.h"

static struct {
	int kept, file;
	char text[8192];
} told;

static int setup(unused void **state)
{
	told.kept = dup(STDERR_FILENO);
	told.file = memfd_create("stderr", MFD_CLOEXEC);
	assert_return_code(dup2(told.file, STDERR_FILENO), errno);
	assert_return_code(unsetenv("JOURNAL_STREAM"), errno);
	log_open(LOG_INFO);
	return 0;
}

static int teardown(unused void **state)
{
	(void)dup2(told.kept, STDERR_FILENO);
	told.kept = close_fd(told.kept);
	told.file = close_fd(told.file);
	return 0;
}

/* All that has come to stderr. */
static const char *told_text(void)
{
	ssize_t n = pread(told.file, told.text, sizeof(told.text) - 1, 0);

	assert_return_code(n, errno);
	told.text[n] = '\0';
	return told.text;
}

static void test_line(unused void **state)
{
	errno = ENOENT;
	log_line(LOG_ERR, "%s: %m", "/some/path");
	assert_int_equal(errno, ENOENT);
	log_line(LOG_INFO, "%d of %d", 1, 2);
	assert_string_equal(
		told_text(), "test_log: /some/path: No such file or directory\ntest_log: 1 of 2\n");
}

/* Nor does it matter to the caller whether a line can be written. */
static void test_keeps_errno(unused void **state)
{
	autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_return_code(dup2(full, STDERR_FILENO), errno);
	errno = EEXIST;
	log_line(LOG_ERR, "lost");
	assert_int_equal(errno, EEXIST);
}

static void test_fields(unused void **state)
{
	log_about(LOG_INFO,
		&(struct log_fields){
			.namespace_name = "ns1", .network_name = "lab", .uid = 4294967294 },
		"a");
	log_about(
		LOG_INFO, &(struct log_fields){ .network_name = "lab", .uid = LOG_UID_NONE }, "b");
	log_about(LOG_INFO, &(struct log_fields){ .uid = 0 }, "c");
	log_about(LOG_INFO, &(struct log_fields){ .uid = LOG_UID_NONE }, "d");
	assert_string_equal(told_text(), "test_log: a [namespace=ns1 network=lab uid=4294967294]\n"
					 "test_log: b [network=lab]\n"
					 "test_log: c [uid=0]\n"
					 "test_log: d\n");
}

static void test_level(unused void **state)
{
	log_line(LOG_DEBUG, "dropped");
	log_set_level(LOG_DEBUG);
	log_line(LOG_DEBUG, "told");
	log_set_level(LOG_ERR);
	log_line(LOG_WARNING, "dropped");
	assert_string_equal(told_text(), "test_log: told\n");
}

/* Neither a second line, nor what steers a terminal, nor a format. */
static void test_forges_nothing(unused void **state)
{
	log_line(LOG_INFO, "%s", "a\nb\r\033[2J\x7f\xc2\x9b%s%n");
	log_about(LOG_INFO, &(struct log_fields){ .namespace_name = "x\ny", .uid = LOG_UID_NONE },
		"z");
	assert_string_equal(told_text(), "test_log: a\\x0ab\\x0d\\x1b[2J\\x7f\\xc2\\x9b%s%n\n"
					 "test_log: z [namespace=x\\x0ay]\n");
}

static void test_cuts_what_is_long(unused void **state)
{
	static char text[100000];
	size_t n;

	memset(text, '\n', sizeof(text) - 1);
	log_about(LOG_INFO,
		&(struct log_fields){ .namespace_name = text, .network_name = text, .uid = 1 },
		"%s", text);
	n = strlen(told_text());
	assert_in_range(n, 2000, 4096);
	assert_string_equal(told.text + n - strlen(" uid=1]\n"), " uid=1]\n");
	assert_ptr_equal(strchr(told.text, '\n'), told.text + n - 1);
}

/* What stands in $JOURNAL_STREAM must be the file that stderr is. */
static void test_other_streams_are_not_the_journal(unused void **state)
{
	static const char *const streams[] = { "", ":", "1", "1:", "1:1", "x:y", "1:1:1" };

	for (size_t i = 0; i < lengthof(streams); i++) {
		assert_return_code(setenv("JOURNAL_STREAM", streams[i], 1), errno);
		log_open(LOG_INFO);
		log_line(LOG_INFO, "here");
	}
	for (size_t i = 0; i < lengthof(streams); i++)
		assert_memory_equal(
			told_text() + i * strlen("test_log: here\n"), "test_log: here\n", 15);
}

static void claim_journal(void)
{
	char stream[64];
	struct stat st;

	assert_return_code(fstat(STDERR_FILENO, &st), errno);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	assert_return_code(setenv("JOURNAL_STREAM", stream, 1), errno);
	log_open(LOG_INFO);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		_exit(10);
}

/* A journal of this process alone, in a mount namespace of its own. */
static int private_journal(void)
{
	struct sockaddr_un address = { AF_UNIX, "/run/systemd/journal/socket" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
		_exit(11);
	make_folder("/run/systemd");
	make_folder("/run/systemd/journal");
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		_exit(12);
	return fd;
}

static bool holds(const char *message, const char *field)
{
	return strstr(message, field);
}

/* The code that the process ends with says which step failed. */
static void talk_to_journal(void)
{
	char message[4096] = { 0 };
	int fd = private_journal();

	claim_journal();
	log_about(LOG_WARNING,
		&(struct log_fields){ .namespace_name = "ns1", .network_name = "lab", .uid = 1000 },
		"a\nb");
	if (recv(fd, message, sizeof(message) - 1, 0) <= 0)
		_exit(1);
	if (!holds(message, "MESSAGE=a\\x0ab\n") || !holds(message, "PRIORITY=4\n") ||
		!holds(message, "SYSLOG_IDENTIFIER=test_log\n") ||
		!holds(message, "NSNET_NAMESPACE=ns1\n") ||
		!holds(message, "NSNET_NETWORK=lab\n") || !holds(message, "NSNET_UID=1000\n"))
		_exit(2);
	memset(message, 0, sizeof(message));
	log_line(LOG_ERR, "plain");
	if (recv(fd, message, sizeof(message) - 1, 0) <= 0)
		_exit(3);
	if (!holds(message, "MESSAGE=plain\n") || !holds(message, "PRIORITY=3\n") ||
		holds(message, "NSNET_"))
		_exit(4);
	if (*told_text())
		_exit(5);
	/* With its door shut, stderr leads there as well. */
	(void)close_fd(fd);
	log_line(LOG_ERR, "late");
	_exit(streq(told_text(), "<3>test_log: late\n") ? 0 : 6);
}

static void test_journal(unused void **state)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip(); /* unshare() */
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0)
		talk_to_journal();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_line),
		test(test_keeps_errno),
		test(test_fields),
		test(test_level),
		test(test_forges_nothing),
		test(test_cuts_what_is_long),
		test(test_other_streams_are_not_the_journal),
		test(test_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
