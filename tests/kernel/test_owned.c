/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_owned - namespaces that belong to users: whose they are, who gets in, and as whom
 */
#include "sandbox.h"
#include "userns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ALICE 1001
#define BOB   1002
#define OTHER 1003
#define GROUP 2001
/* No other test's: he signals whatever is his. */
#define MALLORY 1009

static void plan_owned(
	struct plan *plan, struct sandbox_namespace *ns, uid_t uid, const char *sibling)
{
	sandbox_plan_namespace(plan, ns);
	assert_int_equal(plan->steps[0].type, STEP_NETNS_ADD);
	plan->steps[0].facts.is_owned = true;
	plan->steps[0].facts.uid = uid;
	plan->steps[0].facts.gid = GROUP;
	plan->steps[0].facts.sibling = sibling;
}

static void make(
	struct kernel *kernel, struct sandbox_namespace *ns, uid_t uid, const char *sibling)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	plan_owned(&plan, ns, uid, sibling);
	sandbox_apply(kernel, &plan);
}

static void delete_all(struct kernel *kernel, struct sandbox_namespace *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sandbox_delete(kernel, &all[i]);
	for (size_t i = 0; i < n; i++)
		sandbox_wait_gone(kernel, &all[i]);
}

/* The descriptors by which a namespace is entered. */
struct doors {
	int user, root, netns;
};

static void open_doors(struct kernel *kernel, const char *name, struct doors *ret)
{
	assert_int_equal(kernel_open_users(kernel, name, &ret->user, &ret->root), 0);
	ret->netns = kernel_open_netns(kernel, name);
	assert_true(ret->netns >= 0);
}

static void close_doors(const struct doors *doors)
{
	close_fd(doors->user);
	close_fd(doors->root);
	close_fd(doors->netns);
}

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* Runs a function in a child that is that user, without any privilege: it must return 0, and says otherwise what is wrong. */
static void as_user(uid_t uid, const char *(*function)(const struct doors *), const struct doors *d)
{
	int status, told[2];
	char buffer[256];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		const char *wrong = "cannot become that user";

		if (setgroups(0, NULL) == 0 && setresgid(GROUP, GROUP, GROUP) == 0 &&
			setresuid(uid, uid, uid) == 0)
			wrong = function(d);
		if (wrong)
			(void)dprintf(told[1], "%s: %m", wrong);
		_exit(wrong != NULL);
	}
	close_fd(told[1]);
	n = read(told[0], buffer, sizeof(buffer) - 1);
	close_fd(told[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (n > 0)
		fail_msg("%.*s", (int)n, buffer);
	assert_int_equal(status, 0);
}

static bool fails_by(int error, int result)
{
	return result < 0 && errno == error;
}

/* Neither the namespace nor those that it belongs to. */
static const char *stay_outside(const struct doors *d)
{
	if (!fails_by(EPERM, setns(d->netns, CLONE_NEWNET)))
		return "the network namespace lets him in";
	if (!fails_by(EPERM, setns(d->user, CLONE_NEWUSER)))
		return "the user namespace lets him in";
	if (!fails_by(EPERM, setns(d->root, CLONE_NEWUSER)))
		return "the user namespace of root lets him in";
	return NULL;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return (int)syscall(SYS_capset, &header, data);
}

/* What any program of his may do inside. */
static const char *work_inside(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(80) };

	if (socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) < 0)
		return "he may not ping";
	if (socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6) < 0)
		return "he may not ping by IPv6";
	if (bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)) < 0)
		return "he may not serve on port 80";
	if (socket(AF_PACKET, SOCK_RAW, 0) < 0)
		return "he has no power over the network";
	return NULL;
}

static const char *enter_as_himself(const struct doors *d)
{
	uid_t uid = getuid();

	if (setns(d->user, CLONE_NEWUSER) < 0)
		return "his user namespace";
	if (setns(d->netns, CLONE_NEWNET) < 0)
		return "his network namespace";
	if (getuid() != uid || geteuid() != uid || getgid() != GROUP)
		return "he is not himself inside";
	if (!fails_by(EINVAL, setresuid(0, 0, 0)) || !fails_by(EINVAL, setresgid(0, 0, 0)))
		return "he becomes root";
	if (!fails_by(EINVAL, setresuid(OTHER, OTHER, OTHER)))
		return "he becomes another";
	if (!fails_by(EPERM, setgroups(0, NULL)))
		return "he gets rid of groups";
	/* As execve(2) does. B's owner needs none: in A he has all power over B. */
	if (drop_capabilities() < 0)
		return "capset";
	return work_inside();
}

static const char *enter_as_root(const struct doors *d)
{
	if (setns(d->user, CLONE_NEWUSER) < 0)
		return "his user namespace";
	if (setns(d->root, CLONE_NEWUSER) < 0)
		return "root's user namespace";
	if (setns(d->netns, CLONE_NEWNET) < 0)
		return "his network namespace";
	if (getuid() != 0 || getgid() != 0)
		return "he is not root inside";
	if (!fails_by(EINVAL, setresuid(ALICE, ALICE, ALICE)))
		return "there are other users inside";
	if (!fails_by(EPERM, setgroups(0, NULL)))
		return "he gets rid of groups";
	if (system("ip link add his type bridge && ip link set his up && ip link del his") != 0)
		return "he has no power over the network";
	return NULL;
}

static void check_doors(const struct doors *d, uid_t uid)
{
	int parent = ioctl(d->root, NS_GET_PARENT), own = ioctl(d->netns, NS_GET_USERNS);
	uid_t owner;

	assert_true(parent >= 0 && own >= 0);
	assert_int_equal(inode_of(parent), inode_of(d->user));
	assert_int_equal(inode_of(own), inode_of(d->root));
	assert_int_equal(ioctl(d->user, NS_GET_OWNER_UID, &owner), 0);
	assert_int_equal(owner, uid);
	assert_int_equal(ioctl(d->root, NS_GET_OWNER_UID, &owner), 0);
	assert_int_equal(owner, uid);
	close_fd(parent);
	close_fd(own);
}

/* All that a namespace has otherwise, it has as well. */
static void check_use(const char *name, const char *address)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *inside = arena_printf(&arena, "ip netns exec %s ", name);

	sandbox_shows(arena_printf(&arena, "%sip addr show eth0", inside), address);
	sandbox_shows(
		arena_printf(&arena, "%sip -6 route show default", inside), "default via fd99::1");
	sandbox_shows(arena_printf(&arena, "%scat /proc/sys/net/ipv4/ping_group_range", inside),
		"0\t2147483647");
	sandbox_shows(
		arena_printf(&arena, "%scat /proc/sys/net/ipv4/ip_unprivileged_port_start", inside),
		"0");
	sandbox_shows(
		arena_printf(&arena, "%scat /proc/sys/net/ipv6/conf/eth0/accept_ra", inside), "0");
	sandbox_shows(arena_printf(&arena, "%sip link show lo", inside), "LOOPBACK,UP,LOWER_UP");
	assert_true(sandbox_does("%sping -n -q -c 1 -W 5 10.99.0.1 >/dev/null", inside));
	assert_true(sandbox_does("%sping -n -q -c 1 -W 5 fd99::1 >/dev/null", inside));
}

static void test_owned(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace all[] = { { "ns1", 0, 10, 1, 0, 0 }, { "ns2", 0, 20, 2, 0, 0 },
		{ "ns3", 0, 30, 3, 0, 0 }, { "ns4", 0, 40, 4, 0, 0 } };
	const char *before = sandbox_picture(&arena);
	struct doors first, second, other;
	uid_t owner;

	make(kernel, &all[0], ALICE, NULL);
	make(kernel, &all[1], ALICE, "ns1");
	make(kernel, &all[2], BOB, NULL);
	sandbox_make(kernel, &all[3]);

	assert_int_equal(kernel_owner(kernel, "ns1", &owner), 0);
	assert_int_equal(owner, ALICE);
	assert_int_equal(kernel_owner(kernel, "ns3", &owner), 0);
	assert_int_equal(owner, BOB);
	assert_int_equal(kernel_owner(kernel, "ns4", &owner), -ENOTTY);
	assert_int_equal(kernel_owner(kernel, "ns5", &owner), -ENOENT);
	assert_int_equal(kernel_open_users(kernel, "ns4", &first.user, &first.root), -ENOTTY);
	assert_int_equal(kernel_open_users(kernel, "ns5", &first.user, &first.root), -ENOENT);

	open_doors(kernel, "ns1", &first);
	open_doors(kernel, "ns2", &second);
	open_doors(kernel, "ns3", &other);
	check_doors(&first, ALICE);
	check_doors(&second, ALICE);
	check_doors(&other, BOB);
	assert_int_equal(inode_of(first.root), inode_of(second.root));
	assert_int_not_equal(inode_of(first.root), inode_of(other.root));
	assert_int_not_equal(inode_of(first.netns), inode_of(second.netns));
	assert_int_equal(inode_of(first.netns), all[0].inode);

	check_use("ns1", "10.99.0.10/24");
	check_use("ns2", "10.99.0.20/24");
	as_user(ALICE, enter_as_himself, &first);
	as_user(ALICE, enter_as_root, &second);
	as_user(BOB, enter_as_himself, &other);
	as_user(BOB, stay_outside, &first);
	as_user(ALICE, stay_outside, &other);

	close_doors(&first);
	close_doors(&second);
	close_doors(&other);
	delete_all(kernel, all, lengthof(all));
	sandbox_is_as(before);
}

/* Nothing of it is remembered but by the kernel. */
static void test_restart(void **state)
{
	struct sandbox_namespace all[] = { { "ns1", 0, 10, 1, 0, 0 }, { "ns2", 0, 20, 2, 0, 0 } };
	struct doors first, second;
	uid_t owner;

	make(*state, &all[0], ALICE, NULL);
	kernel_free(*state);
	*state = sandbox_kernel();
	assert_int_equal(kernel_owner(*state, "ns1", &owner), -ENOENT);
	assert_int_equal(kernel_adopt(*state, "ns1"), 0);
	assert_int_equal(kernel_owner(*state, "ns1", &owner), 0);
	assert_int_equal(owner, ALICE);
	make(*state, &all[1], ALICE, "ns1");
	open_doors(*state, "ns1", &first);
	open_doors(*state, "ns2", &second);
	assert_int_equal(inode_of(first.root), inode_of(second.root));
	close_doors(&first);
	/* The one that it came by may go. */
	delete_all(*state, all, 1);
	as_user(ALICE, enter_as_himself, &second);
	close_doors(&second);
	delete_all(*state, all + 1, 1);
}

/* Whatever cannot be done leaves nothing. */
static void test_failures(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct plan plan = PLAN_INIT(&arena), late = PLAN_INIT(&arena);
	const char *before = sandbox_picture(&arena);
	struct kernel_error error;

	plan_owned(&plan, &ns, ALICE, "ns0");
	assert_int_equal(kernel_apply(kernel, &plan, &error), 1);
	assert_ptr_equal(error.step, &plan.steps[0]);
	assert_int_equal(error.error, ENOENT);
	sandbox_is_as(before);

	/* A step behind it. */
	plan_owned(&late, &ns, ALICE, NULL);
	plan_add(&late, &(struct step){ .type = STEP_NETNS_PIN, .netns = "ns2" });
	assert_int_equal(kernel_apply(kernel, &late, &error), 1);
	assert_ptr_equal(error.step, &late.steps[late.n - 1]);
	sandbox_wait_gone(kernel, &ns);
	sandbox_is_as(before);
}

/* What lies in wait for the process that makes a namespace, as the user whose it is to be. */
struct ambush {
	pid_t parent;
	bool stops; /* rather than traces */
	unsigned n_tried, n_caught;
};

static bool is_child_of(pid_t pid, pid_t parent)
{
	char path[32], text[256] = "";
	const char *behind;
	autoclose int fd = -EBADF;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	behind = strrchr(text, ')');
	return behind && strlen(behind) > 4 && atoi(behind + 4) == parent;
}

static void strike(struct ambush *ambush, pid_t pid)
{
	if (pid <= 1 || pid == getpid() || pid == ambush->parent)
		return;
	ambush->n_tried++;
	if (ambush->stops)
		ambush->n_caught += is_child_of(pid, ambush->parent) && kill(pid, SIGSTOP) == 0;
	else if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
		ambush->n_caught += is_child_of(pid, ambush->parent);
		(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
}

static _Noreturn void lie_in_wait(struct ambush *ambush)
{
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);

	if (setgroups(0, NULL) < 0 || setresgid(GROUP, GROUP, GROUP) < 0 ||
		setresuid(MALLORY, MALLORY, MALLORY) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	for (;;) {
		char text[64] = "";
		const char *newest;

		if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
			_exit(1);
		newest = strrchr(text, ' ');
		for (int i = 0; newest && i < 4; i++)
			strike(ambush, atoi(newest + 1) - i);
	}
}

/* How many of the namespaces came to be. */
static unsigned make_in_ambush(struct kernel *kernel, struct ambush *ambush, unsigned n)
{
	struct step add = {
		.type = STEP_NETNS_ADD,
		.netns = "ns1",
		.facts = { .is_owned = true, .uid = MALLORY, .gid = GROUP },
	};
	struct step drop = { .type = STEP_NETNS_DROP, .netns = "ns1" };
	unsigned made = 0;
	int status;
	pid_t pid;

	ambush->parent = getpid();
	ambush->n_tried = ambush->n_caught = 0;
	pid = fork();
	if (pid == 0)
		lie_in_wait(ambush);
	assert_true(pid > 0);
	while (*(volatile unsigned *)&ambush->n_tried == 0)
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	for (unsigned i = 0; i < n; i++) {
		struct plan plan = { .steps = &add, .n = 1 };
		struct kernel_error error;

		if (kernel_apply(kernel, &plan, &error) != 0)
			continue;
		made++;
		sandbox_do(kernel, &drop);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return made;
}

/* The process that enters a user's namespace has our descriptors: its owner, who may do much with what is inside, must neither get
 * hold of it nor make us wait. */
static void test_ambush(void **state)
{
	struct ambush *ambush = mmap(
		NULL, sizeof(*ambush), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(ambush != MAP_FAILED);
	*ambush = (struct ambush){ 0 };
	assert_int_equal(make_in_ambush(*state, ambush, 300), 300);
	assert_int_equal(ambush->n_caught, 0);
	/* One that is stopped has failed. */
	ambush->stops = true;
	(void)make_in_ambush(*state, ambush, 100);
	(void)munmap(ambush, sizeof(*ambush));
}

int __real_unshare(int flags);
int __wrap_unshare(int flags);

/* After so many calls a child is to have lost its parent; never where negative. */
static int n_until_orphaned = -1;

int __wrap_unshare(int flags)
{
	if (n_until_orphaned < 0 || n_until_orphaned-- > 0)
		return __real_unshare(flags);
	(void)kill(getppid(), SIGKILL);
	for (;;)
		(void)pause();
}

/* Whoever has the daemon's descriptors keeps its socket, its locks and its namespaces from ending with it. */
static void test_orphan(unused void **state)
{
	/* The first user namespace is to come, the second, the network. */
	for (int n = 0; n < 3; n++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			n_until_orphaned = n;
			(void)userns_make_network(ALICE, GROUP, -EBADF);
			_exit(0);
		}
		assert_return_code(pid, errno);
		assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, 1), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		/* His child is ours now. */
		pid = waitpid(-1, &status, 0);
		assert_return_code(pid, errno);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_return_code(prctl(PR_SET_CHILD_SUBREAPER, 0), errno);
	}
}

static void test_feature(void **state)
{
	struct kernel *kernel = *state;
	bool is_on =
		sandbox_does("test \"$(cat /proc/sys/user/max_user_namespaces)\" -gt 0 && "
			     "for f in unprivileged_userns_clone:1 "
			     "apparmor_restrict_unprivileged_userns:0; do "
			     "test ! -e /proc/sys/kernel/${f%%:*} || "
			     "test \"$(cat /proc/sys/kernel/${f%%:*})\" = ${f#*:} || exit 1; done");

	assert_int_equal(kernel_has(kernel, "owned"), is_on);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, sandbox_set_up_network, sandbox_tear_down_network)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_owned),
		TEST(test_restart),
		TEST(test_failures),
		TEST(test_ambush),
		cmocka_unit_test(test_orphan),
		TEST(test_feature),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("owned", tests, NULL, NULL);
}
