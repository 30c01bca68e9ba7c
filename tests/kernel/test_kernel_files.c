/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_kernel_files - hosts files, settings that are kept, /run/netns as others expect it
 */
#include "sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

static struct step name_step(
	struct arena *arena, enum step_type type, unsigned slot, const char *v4, const char *v6)
{
	struct step step = { .type = type };

	step.hosts.network = "net0";
	step.hosts.slot = slot;
	step.hosts.name = arena_printf(arena, "ns%u", slot);
	if (v4)
		assert_true(address_parse(v4, &step.hosts.addresses[0]));
	if (v6)
		assert_true(address_parse(v6, &step.hosts.addresses[1]));
	return step;
}

/* What the C library makes of it. */
static bool resolves(const char *name, const char *address)
{
	return sandbox_does("mount --bind /run/nsnetd/hosts/net0/hosts /etc/hosts && "
			    "getent ahosts %s | grep -qF '%s '; r=$?; umount /etc/hosts; exit $r",
		name, address);
}

static void test_hosts(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct step step = { .type = STEP_HOSTS_ADD, .hosts = { .network = "net0" } };
	struct stat before, after;

	sandbox_do(kernel, &step);
	assert_int_equal(stat("/run/nsnetd/hosts/net0/hosts", &before), 0);
	assert_int_equal(before.st_mode & 07777, 0644);
	for (unsigned i = 0; i < 50; i++) {
		unsigned slot = i * 7 % 50;

		step = name_step(&arena, STEP_HOSTS_SET, slot,
			i % 3 == 2 ? NULL : arena_printf(&arena, "10.99.0.%u", slot + 2),
			i % 3 == 1 ? NULL : arena_printf(&arena, "fd99::%x", slot + 2));
		sandbox_do(kernel, &step);
	}
	sandbox_shows("grep -c 10.99.0 /run/nsnetd/hosts/net0/hosts", "34");
	sandbox_shows("grep -c fd99:: /run/nsnetd/hosts/net0/hosts", "33");
	sandbox_shows("awk '!/^#/ && $2 == \"ns21\" { print $1 }' /run/nsnetd/hosts/net0/hosts",
		"10.99.0.23");
	assert_true(resolves("ns21", "10.99.0.23"));
	assert_true(resolves("ns21", "fd99::17"));
	assert_true(resolves("localhost", "127.0.0.1") || resolves("localhost", "::1"));
	assert_false(resolves("ns50", ""));

	for (unsigned i = 0; i < 50; i++) {
		step = name_step(&arena, STEP_HOSTS_CLEAR, (i * 11 + 3) % 50, NULL, NULL);
		sandbox_do(kernel, &step);
		sandbox_do(kernel, &step);
	}
	sandbox_hides("cat /run/nsnetd/hosts/net0/hosts", "ns");
	/* Whoever has bound it over his /etc/hosts sees all of that: it is the same file. */
	assert_int_equal(stat("/run/nsnetd/hosts/net0/hosts", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	sandbox_shows("tail -n 1 /run/nsnetd/hosts/net0/hosts | wc -c", "128");
	step = (struct step){ .type = STEP_HOSTS_DELETE, .hosts = { .network = "net0" } };
	sandbox_do(kernel, &step);
	sandbox_do(kernel, &step);
	assert_false(sandbox_does("test -e /run/nsnetd/hosts/net0"));
	/* Where the file itself lay once. */
	assert_true(sandbox_does("echo >/run/nsnetd/hosts/net0"));
	step.type = STEP_HOSTS_ADD;
	sandbox_do(kernel, &step);
	sandbox_shows("cat /run/nsnetd/hosts/net0/hosts", "localhost");
	step.type = STEP_HOSTS_DELETE;
	sandbox_do(kernel, &step);
}

static void test_hosts_bounds(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct step add = { .type = STEP_HOSTS_ADD, .hosts = { .network = "net0" } }, step;
	struct stat st;

	step = name_step(&arena, STEP_HOSTS_SET, 0, "10.99.0.2", NULL);
	assert_int_equal(sandbox_fail(kernel, &step), ENOENT);
	sandbox_do(kernel, &add);
	step = name_step(&arena, STEP_HOSTS_SET, HOSTS_SLOTS, "10.99.0.2", NULL);
	assert_int_equal(sandbox_fail(kernel, &step), EINVAL);
	step = name_step(&arena, STEP_HOSTS_SET, HOSTS_SLOTS - 1, "10.99.0.2",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	step.hosts.name = "a23456789012345678901234567890123456789012345678";
	sandbox_do(kernel, &step);
	assert_int_equal(stat("/run/nsnetd/hosts/net0/hosts", &st), 0);
	assert_int_equal(st.st_size, 256 + HOSTS_SLOTS * 256);
	sandbox_shows("tail -n 1 /run/nsnetd/hosts/net0/hosts | tr '\\t' _ | tr -s ' '",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff_"
		"a23456789012345678901234567890123456789012345678 \n");
	sandbox_shows("grep -vc '^#' /run/nsnetd/hosts/net0/hosts", "6\n");
	/* With dots it has a domain behind it, or is not written. */
	step.hosts.name = "deb.debian.org";
	sandbox_do(kernel, &step);
	sandbox_shows("tail -n 1 /run/nsnetd/hosts/net0/hosts", "\tdeb.debian.org.nsnet ");
	step.hosts.domain = "net0.example";
	sandbox_do(kernel, &step);
	sandbox_shows("tail -n 1 /run/nsnetd/hosts/net0/hosts", "\tdeb.debian.org.net0.example ");
	step.hosts.domain = "a\n192.0.2.1 b";
	assert_int_equal(sandbox_fail(kernel, &step), EINVAL);
	step.hosts.domain = "a23456789012345678901234567890123456789012345678.a23456789.example";
	assert_int_equal(sandbox_fail(kernel, &step), ENAMETOOLONG);
	sandbox_shows("tail -n 1 /run/nsnetd/hosts/net0/hosts", "\tdeb.debian.org.net0.example ");
	assert_int_equal(stat("/run/nsnetd/hosts/net0/hosts", &st), 0);
	assert_int_equal(st.st_size, 256 + HOSTS_SLOTS * 256);
	/* Made again it has no names. */
	sandbox_do(kernel, &add);
	assert_int_equal(stat("/run/nsnetd/hosts/net0/hosts", &st), 0);
	assert_int_equal(st.st_size, 256);
	add.type = STEP_HOSTS_DELETE;
	sandbox_do(kernel, &add);
}

static void check_setting(const char *value)
{
	sandbox_shows("cat /proc/sys/net/ipv4/conf/up0/forwarding", value);
}

static void test_sysctl(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct step set = { .type = STEP_SYSCTL_SET,
		.sysctl = { "net/ipv4/conf/up0/forwarding", 1 } };
	struct step restore = { .type = STEP_SYSCTL_RESTORE, .sysctl = { .key = set.sysctl.key } };
	struct string_list kept;

	/* An interface that is not there, or has gone: nothing is set, and nothing kept. */
	sandbox_do(kernel, &set);
	assert_false(sandbox_does("ls /run/nsnetd/sysctl | grep -q ."));
	assert_true(sandbox_does("ip link add up0 type bridge"));
	check_setting("0");
	sandbox_do(kernel, &restore);
	check_setting("0");
	sandbox_do(kernel, &set);
	sandbox_do(kernel, &set);
	check_setting("1");

	/* What was there before us outlives us. */
	kernel_free(kernel);
	*state = kernel = sandbox_kernel();
	assert_int_equal(kernel_kept(kernel, &arena, &kept), 0);
	assert_int_equal(kept.n, 1);
	assert_string_equal(kept.items[0], set.sysctl.key);
	sandbox_do(kernel, &set);
	sandbox_do(kernel, &restore);
	check_setting("0");
	assert_int_equal(kernel_kept(kernel, &arena, &kept), 0);
	assert_int_equal(kept.n, 0);

	/* It was on already. */
	assert_true(sandbox_does("echo 1 >/proc/sys/net/ipv4/conf/up0/forwarding"));
	sandbox_do(kernel, &set);
	sandbox_do(kernel, &restore);
	check_setting("1");

	sandbox_do(kernel, &set);
	assert_true(sandbox_does("ip link del up0"));
	sandbox_do(kernel, &restore);
	assert_false(sandbox_does("ls /run/nsnetd/sysctl | grep -q ."));
	sandbox_do(kernel, &set);
	assert_false(sandbox_does("ls /run/nsnetd/sysctl | grep -q ."));
	assert_false(sandbox_does("ls -A /run/nsnetd/sysctl | grep -q ."));
}

static void test_forwarding6(void **state)
{
	struct kernel *kernel = *state;
	struct step set = { .type = STEP_SYSCTL_SET,
		.sysctl = { "net/ipv6/conf/up0/force_forwarding", 1 } };

	assert_true(sandbox_does("ip link add up0 type bridge"));
	if (kernel_has(kernel, "forwarding6")) {
		sandbox_do(kernel, &set);
		sandbox_shows("cat /proc/sys/net/ipv6/conf/up0/force_forwarding", "1");
		set.type = STEP_SYSCTL_RESTORE;
		sandbox_do(kernel, &set);
		sandbox_shows("cat /proc/sys/net/ipv6/conf/up0/force_forwarding", "0");
	} else {
		assert_int_equal(sandbox_fail(kernel, &set), ENOENT);
	}
	assert_true(sandbox_does("ip link del up0"));
}

static void test_record(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct nsnet_route data = { .destination = "old" };
	struct step step = { .type = STEP_RECORD_WRITE,
		.record = { RECORD_NETWORK, "net0", &nsnet_route_type, &data, NULL } };

	sandbox_do(kernel, &step);
	sandbox_shows("cat /run/nsnetd/state/networks/net0.json", "\"old\"");
	data.destination = "new";
	sandbox_do(kernel, &step);
	sandbox_shows("cat /run/nsnetd/state/networks/net0.json", "\"new\"");
	sandbox_shows("ls -A /run/nsnetd/state/networks", "net0.json\n");
	sandbox_shows("stat -c %a /run/nsnetd/state /run/nsnetd/state/networks", "700\n700\n");
	step.type = STEP_RECORD_DELETE;
	sandbox_do(kernel, &step);
	sandbox_do(kernel, &step);
	assert_string_equal(sandbox_run(&arena, NULL, "ls -A /run/nsnetd/state/networks"), "");
}

/* One mount of its own, in no peer group with /run, however often we start. */
static void test_names_directory(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *first;

	(void)state;
	first = sandbox_run(&arena, NULL, "grep ' /run/netns ' /proc/self/mountinfo");
	kernel_free(sandbox_kernel());
	assert_string_equal(
		sandbox_run(&arena, NULL, "grep ' /run/netns ' /proc/self/mountinfo"), first);
	assert_int_equal(sandbox_mounts(" /run/netns "), 1);
	assert_true(strstr(first, "shared:"));
	assert_string_not_equal(
		sandbox_run(&arena, NULL,
			"grep ' /run/netns ' /proc/self/mountinfo | grep -o 'shared:[0-9]*'"),
		sandbox_run(&arena, NULL,
			"grep ' /run ' /proc/self/mountinfo | grep -o 'shared:[0-9]*'"));
	/* ip-netns(8) finds all as it wants it. */
	assert_true(sandbox_does("ip netns add other"));
	assert_int_equal(sandbox_mounts(" /run/netns "), 1);
	assert_int_equal(sandbox_mounts(" /run/netns/other "), 1);
	assert_true(sandbox_does("ip netns del other"));
}

/* Anyone may hold the directory's lock; we start all the same. */
static void test_lock(void **state)
{
	int fd;

	kernel_free(*state);
	assert_true(sandbox_does("umount /run/netns"));
	fd = open("/run/netns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	*state = sandbox_kernel();
	assert_int_equal(close(fd), 0);
	assert_int_equal(sandbox_mounts(" /run/netns "), 1);

	/* We do not hold it ourselves, whether the mount was there or not. */
	for (int i = 0; i < 2; i++) {
		assert_true(sandbox_does("flock -n /run/netns true"));
		kernel_free(*state);
		*state = sandbox_kernel();
	}
}

static void test_directories(void **state)
{
	struct kernel *kernel = NULL;
	const char *what = NULL;

	kernel_free(*state);
	assert_true(sandbox_does("chmod 777 /run/nsnetd/hosts"));
	assert_int_equal(kernel_new(&kernel_paths_default, &kernel, &what), -EPERM);
	assert_string_equal(what, "/run/nsnetd/hosts");
	assert_true(sandbox_does(
		"chmod 755 /run/nsnetd/hosts && chmod 777 /run/nsnetd/state/networks"));
	assert_int_equal(kernel_new(&kernel_paths_default, &kernel, &what), -EPERM);
	assert_string_equal(what, "/run/nsnetd/state/networks");
	assert_true(sandbox_does("chmod 700 /run/nsnetd/state/networks"));
	assert_null(kernel);
	assert_true(sandbox_does("rmdir /run/nsnetd/hosts && ln -s / /run/nsnetd/hosts"));
	assert_int_equal(kernel_new(&kernel_paths_default, &kernel, NULL), -ENOTDIR);
	assert_true(sandbox_does("rm /run/nsnetd/hosts"));
	*state = sandbox_kernel();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_set_up, sandbox_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hosts),
		TEST(test_hosts_bounds),
		TEST(test_sysctl),
		TEST(test_forwarding6),
		TEST(test_record),
		TEST(test_names_directory),
		TEST(test_lock),
		TEST(test_directories),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
