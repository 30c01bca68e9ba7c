/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_people - users and groups by the host's files, and processes in a namespace, whoever they belong to
 *
 * /etc is an empty directory of the test's own.
 */
#include "sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "failing_calls.h"

#define ALICE 1001
#define BOB   1002

/* What the next signals come to, instead of being sent. */
enum outcome { OUTCOME_SENT, OUTCOME_LOST, OUTCOME_LATE, OUTCOME_REFUSED, OUTCOME_BROKEN };

static enum outcome outcomes[2];
static size_t n_outcomes, n_signals;
static int open_error;

int __real_pidfd_send_signal(int fd, int number, siginfo_t *info, unsigned flags);
int __wrap_pidfd_send_signal(int fd, int number, siginfo_t *info, unsigned flags);
int __real_pidfd_open(pid_t pid, unsigned flags);
int __wrap_pidfd_open(pid_t pid, unsigned flags);

int __wrap_pidfd_send_signal(int fd, int number, siginfo_t *info, unsigned flags)
{
	switch (n_signals < n_outcomes ? outcomes[n_signals++] : OUTCOME_SENT) {
	case OUTCOME_SENT:
		return __real_pidfd_send_signal(fd, number, info, flags);
	case OUTCOME_LOST:
		return 0;
	case OUTCOME_LATE: /* it has just ended */
		assert_int_equal(__real_pidfd_send_signal(fd, number, info, flags), 0);
		errno = ESRCH;
		return -1;
	case OUTCOME_REFUSED:
		errno = EPERM;
		return -1;
	case OUTCOME_BROKEN:
		errno = EINVAL;
		return -1;
	}
	return -1;
}

int __wrap_pidfd_open(pid_t pid, unsigned flags)
{
	errno = open_error;
	return open_error ? -1 : __real_pidfd_open(pid, flags);
}

/* A process of that user in a namespace, NULL: in the host's, which waits to be killed. */
static pid_t start(const char *netns, uid_t uid)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char path[64];
		int fd;

		(void)snprintf(path, sizeof(path), "/run/netns/%s", netns ? netns : "");
		fd = netns ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if ((!netns || (fd >= 0 && setns(fd, CLONE_NEWNET) == 0)) &&
			setresuid(uid, uid, uid) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
			write(ready[1], "x", 1) == 1)
			for (;;)
				(void)pause();
		_exit(127);
	}
	close_fd(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close_fd(ready[0]);
	return pid;
}

static bool is_alive(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

static void is_killed(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	is_killed(pid);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void finds(struct kernel *kernel, bool is_group, const char *name, int64_t wanted)
{
	uint32_t id = 77;
	bool is_found = kernel_find_account(kernel, is_group, name, &id);

	if (is_found != (wanted >= 0) || id != (wanted < 0 ? 77 : (uint32_t)wanted))
		fail_msg("%s: %d, %u", name, is_found, id);
}

static void test_accounts(void **state)
{
	struct kernel *kernel = *state;

	assert_true(sandbox_does("rm -f /etc/passwd /etc/group"));
	finds(kernel, false, "root", -1);
	finds(kernel, true, "root", -1);
	put("/etc/passwd",
		"root:x:0:0::/root:/bin/sh\nno line at all\nhalf:x:\n\n"
		"alice:x:1001:2001:Alice:/home/alice:/bin/sh\n"
		"nobody:x:4294967295:65534::/:/bin/false\nlast:x:4294967294:1::/:/bin/sh");
	put("/etc/group", "root:x:0:\nstaff:x:50:alice,root\nalice:x:2001:\nnone:x:4294967295:\n");
	finds(kernel, false, "root", 0);
	finds(kernel, false, "alice", 1001);
	finds(kernel, false, "last", 4294967294);
	finds(kernel, true, "alice", 2001);
	finds(kernel, true, "staff", 50);
	/* Names are whole, and of the file that was asked for; a number that means nobody is none. */
	finds(kernel, false, "staff", -1);
	finds(kernel, true, "last", -1);
	finds(kernel, false, "alic", -1);
	finds(kernel, false, "Alice", -1);
	finds(kernel, false, "1001", -1);
	finds(kernel, false, "", -1);
	finds(kernel, false, "half", -1);
	finds(kernel, false, "nobody", -1);
	finds(kernel, true, "none", -1);
}

static void differs(struct kernel *kernel, int64_t *number, const char *command)
{
	int64_t now;

	assert_true(sandbox_does("%s", command));
	now = kernel_accounts(kernel);
	if (now == *number || now == 0)
		fail_msg("%s: %lld", command, (long long)now);
	assert_int_equal(kernel_accounts(kernel), now);
	*number = now;
}

static void test_accounts_change(void **state)
{
	struct kernel *kernel = *state;
	int64_t number;

	assert_true(sandbox_does("rm -f /etc/passwd /etc/group"));
	number = kernel_accounts(kernel);
	assert_int_not_equal(number, 0);
	assert_int_equal(kernel_accounts(kernel), number);
	differs(kernel, &number, "echo a:x:1:1:::  >/etc/passwd");
	differs(kernel, &number, "echo a:x:1: >/etc/group");
	differs(kernel, &number, "echo b:x:1:1::: >>/etc/passwd");
	/* As adduser(8) and its like do it; and by another of the same size, or the same time. */
	differs(kernel, &number, "cp /etc/group /etc/group- && mv /etc/group- /etc/group");
	differs(kernel, &number, "touch -d @1000000000 /etc/passwd");
	differs(kernel, &number, "touch -d @1000000000.5 /etc/passwd");
	differs(kernel, &number, "echo >>/etc/passwd; touch -d @1000000000.5 /etc/passwd");
	differs(kernel, &number, "rm /etc/group");
	differs(kernel, &number, "rm /etc/passwd");
}

/* A signal that did not go out, or came too late. */
static void test_signals(void **state)
{
	static const struct {
		enum outcome outcomes[2];
		size_t n;
		int error;
	} rows[] = {
		{ { OUTCOME_SENT }, 0, 0 },
		{ { OUTCOME_LATE }, 1, 0 },
		{ { OUTCOME_REFUSED }, 1, 0 },
		{ { OUTCOME_REFUSED, OUTCOME_LATE }, 2, 0 },
		/* Whose it is has changed meanwhile: another walk. */
		{ { OUTCOME_REFUSED, OUTCOME_REFUSED }, 2, 0 },
		{ { OUTCOME_BROKEN }, 1, EINVAL },
		{ { OUTCOME_REFUSED, OUTCOME_BROKEN }, 2, EINVAL },
		{ { OUTCOME_LOST }, 1, EBUSY },
	};
	struct kernel *kernel = *state;
	pid_t outside = start(NULL, ALICE);

	for (size_t i = 0; i < lengthof(rows); i++) {
		pid_t inside = start("ns1", ALICE);
		int r;

		memcpy(outcomes, rows[i].outcomes, sizeof(outcomes));
		n_outcomes = rows[i].n;
		n_signals = 0;
		r = kernel_kill(kernel, "ns1");
		assert_int_equal(n_signals, n_outcomes);
		if (r != -rows[i].error)
			fail_msg("%zu: %d, not %d", i, r, -rows[i].error);
		if (r < 0) {
			assert_true(is_alive(inside));
			end(inside);
		} else {
			is_killed(inside);
		}
		assert_int_equal(geteuid(), 0);
		assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	}
	n_outcomes = 0;
	assert_true(is_alive(outside));
	end(outside);
}

/* What cannot be looked at is told, and nobody else dies of it. */
static void test_looks(void **state)
{
	static const char *const calls[] = { "setns", "openat", "fdopendir" };
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	pid_t inside = start("ns1", BOB), outside = start(NULL, BOB);
	struct nsnet_process_id_list list;
	const char *const name = "ns1";
	unsigned n_failed = 0;

	for (size_t i = 0; i < lengthof(calls); i++)
		for (unsigned number = 0;; number++) {
			int r;

			failing_calls_begin(calls[i], number);
			r = kernel_processes(kernel, &name, 1, &arena, &list);
			if (!failing_calls_end())
				break;
			n_failed++;
			assert_true(r < 0);
		}
	assert_int_equal(n_failed, 4);
	assert_int_equal(kernel_processes(kernel, &name, 1, &arena, &list), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.items[0].pid, inside);

	failing_calls_begin("openat", 1);
	assert_int_equal(kernel_kill(kernel, "ns1"), -EMFILE);
	assert_true(failing_calls_end());
	open_error = EMFILE;
	assert_int_equal(kernel_kill(kernel, "ns1"), -EMFILE);
	/* It has gone by itself. */
	open_error = ESRCH;
	assert_int_equal(kernel_kill(kernel, "ns1"), 0);
	open_error = 0;
	assert_true(is_alive(inside));

	/* Whose it is cannot be read: then by another walk. The first openat(2) is for what there is, the second to walk. */
	outcomes[0] = OUTCOME_REFUSED;
	n_outcomes = 1;
	n_signals = 0;
	failing_calls_begin("openat", 2);
	assert_int_equal(kernel_kill(kernel, "ns1"), 0);
	assert_true(failing_calls_end());
	is_killed(inside);
	inside = start("ns1", BOB);
	n_signals = 0;
	failing_calls_begin("read", 0);
	assert_int_equal(kernel_kill(kernel, "ns1"), 0);
	assert_true(failing_calls_end());
	n_outcomes = 0;
	is_killed(inside);
	assert_true(is_alive(outside));
	end(outside);
}

/* The host's own namespace under a name: whoever asks for it, nobody is killed. */
static void test_host(void **state)
{
	struct kernel *kernel = *state;
	pid_t outside = start(NULL, ALICE);

	assert_true(sandbox_does("touch /run/netns/home && "
				 "mount --bind /proc/self/ns/net /run/netns/home"));
	assert_int_equal(kernel_adopt(kernel, "home"), 0);
	assert_int_equal(kernel_kill(kernel, "home"), -EINVAL);
	assert_true(is_alive(outside));
	end(outside);
	sandbox_do(kernel, &(struct step){ .type = STEP_NETNS_UNPIN, .netns = "home" });
	sandbox_do(kernel, &(struct step){ .type = STEP_NETNS_DROP, .netns = "home" });
	sandbox_reap(kernel);
	sandbox_shows("ip link show nsnet0", "nsnet0");
}

/* The service's /proc does not show others' processes. */
static void test_hidden(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	pid_t inside = start("ns1", ALICE);
	const char *const name = "ns1";
	struct nsnet_process_id_list list;

	assert_true(sandbox_does("mkdir -p /run/empty && mount --bind /run/empty /proc/1 && "
				 "mount --bind /run/empty /proc/%d && ! test -e /proc/%d/net/dev",
		(int)inside, (int)inside));
	assert_int_equal(kernel_processes(kernel, &name, 1, &arena, &list), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.items[0].pid, inside);
	assert_int_equal(kernel_kill(kernel, "ns1"), 0);
	is_killed(inside);
	assert_true(sandbox_does("umount /proc/1 && rmdir /run/empty"));
}

/* Without the right to signal everybody, for good: it is the last test. */
static void test_unprivileged(void **state)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	struct kernel *kernel = *state;
	const pid_t inside[] = { start("ns1", ALICE), start("ns1", 0), start("ns1", BOB),
		start("ns1", ALICE) };
	pid_t outside = start(NULL, ALICE);

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	data[0].effective &= ~(1U << CAP_KILL);
	data[0].permitted &= ~(1U << CAP_KILL);
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
	assert_int_equal(kill(outside, SIGKILL), -1);
	assert_int_equal(errno, EPERM);

	assert_int_equal(kernel_kill(kernel, "ns1"), 0);
	for (size_t i = 0; i < lengthof(inside); i++)
		is_killed(inside[i]);
	assert_int_equal(geteuid(), 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	assert_true(is_alive(outside));
	assert_true(sandbox_does("kill -KILL %d", (int)outside));
	is_killed(outside);
}

#define TEST(name, which) \
	cmocka_unit_test_setup_teardown(name, sandbox_set_up##which, sandbox_tear_down##which)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_accounts, ),
		TEST(test_accounts_change, ),
		TEST(test_signals, _namespace),
		TEST(test_looks, _namespace),
		TEST(test_host, _namespace),
		TEST(test_hidden, _namespace),
		TEST(test_unprivileged, _namespace),
	};

	sandbox_enter();
	if (mount("sandbox", "/etc", "tmpfs", 0, "mode=0755") < 0)
		return 1;
	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
