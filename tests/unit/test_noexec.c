/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_noexec - a process that runs no other program, and goes on with all else
 */
#include "cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base.h"
#include "noexec.h"

/* How a child ends that has done one thing: its status as waitpid(2) tells it. */
static int status_of(void (*deed)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (noexec_begin() < 0)
			_exit(9);
		deed();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void execute(void)
{
	(void)execl("/bin/true", "true", NULL);
}

static void execute_by_descriptor(void)
{
	int fd = open("/bin/true", O_PATH | O_CLOEXEC);

	(void)syscall(
		SYS_execveat, fd, "", (char *[]){ (char *)"true", NULL }, environ, AT_EMPTY_PATH);
}

static void go_on(void)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(3);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		WEXITSTATUS(status) != 3)
		_exit(1);
	if (close(open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		_exit(2);
}

static void test_noexec(void **state)
{
	(void)state;
	assert_int_equal(status_of(go_on), 0);
	assert_true(WIFSIGNALED(status_of(execute)));
	assert_int_equal(WTERMSIG(status_of(execute)), SIGSYS);
	assert_int_equal(WTERMSIG(status_of(execute_by_descriptor)), SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_noexec) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
