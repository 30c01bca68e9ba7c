/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_view - what a program that systemd starts in a namespace sees of /etc
 *
 * /etc is an empty directory of the test's own. What it comes to is looked at as systemd does it: in mounts that are a shell's
 * alone.
 */
#include "sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "failing_calls.h"

#define ETC "/run/nsnetd/etc/ns1/"

static struct kernel_view view_of(struct kernel *kernel, struct arena *arena)
{
	struct kernel_view view = { 0 };
	int r = kernel_view(kernel, "ns1", arena, &view);

	if (r < 0)
		fail_msg("kernel_view: %s", strerror(-r));
	return view;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their targets: a directory is read in any. */
static const char *print(const struct kernel_view *view, struct arena *arena)
{
	const char **lines = arena_array(arena, view->n + 1, sizeof(*lines)), *text = "";

	for (size_t i = 0; i < view->n; i++)
		lines[i] = arena_printf(
			arena, "%s %s\n", view->bindings[i].target, view->bindings[i].source);
	qsort(lines, view->n, sizeof(*lines), compare_texts);
	for (size_t i = 0; i < view->n; i++)
		text = arena_printf(arena, "%s%s", text, lines[i]);
	for (size_t i = 0; i < view->hidden.n; i++)
		text = arena_printf(arena, "%shides %s\n", text, view->hidden.items[i]);
	return text;
}

static void binds(struct kernel *kernel, const char *wanted)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct kernel_view view = view_of(kernel, &arena);

	assert_string_equal(print(&view, &arena), wanted);
}

/* What a command prints where the view is in place. */
static void shows(struct kernel *kernel, const char *command, const char *wanted)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct kernel_view view = view_of(kernel, &arena);
	const char *script = "set -e; ";

	for (size_t i = 0; i < view.hidden.n; i++)
		script = arena_printf(&arena, "%smount -t tmpfs -o mode=755 hidden %s; ", script,
			view.hidden.items[i]);
	/* In what is hidden systemd makes what something is put over. */
	for (size_t i = 0; i < view.n; i++)
		script = arena_printf(&arena, "%s[ -e %s ] || : >%s; mount --bind %s %s; ", script,
			view.bindings[i].target, view.bindings[i].target, view.bindings[i].source,
			view.bindings[i].target);
	assert_string_equal(
		sandbox_run(&arena, NULL, "unshare --mount sh -c '%s%s'", script, command), wanted);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void add_network(struct kernel *kernel, const char *name)
{
	sandbox_do(kernel, &(struct step){ .type = STEP_HOSTS_ADD, .hosts.network = name });
}

static void set_host(
	struct kernel *kernel, const char *network, const char *name, const char *address)
{
	sandbox_do(kernel, &(struct step){ .type = STEP_HOSTS_SET,
				   .hosts = { .network = network,
					   .slot = 1,
					   .name = name,
					   .addresses = { sandbox_address(address) } } });
}

static void delete_network(struct kernel *kernel, const char *name)
{
	sandbox_do(kernel, &(struct step){ .type = STEP_HOSTS_DELETE, .hosts.network = name });
}

static void add_etc(
	struct kernel *kernel, const char *const *networks, size_t n, const char *resolv_conf)
{
	sandbox_do(
		kernel, &(struct step){ .type = STEP_ETC_ADD,
				.netns = "ns1",
				.etc.is = { (const char **)(uintptr_t)networks, n, resolv_conf } });
}

static int set_up(void **state)
{
	if (!sandbox_does("rm -rf /etc/* /run/systemd /run/nscd"))
		return -1;
	put("/etc/hosts", "127.0.0.1 localhost\n192.0.2.1 host\n");
	put("/etc/resolv.conf", "search example.org\nnameserver 192.0.2.53\n");
	put("/etc/nsswitch.conf", "passwd: files\nhosts: files mymachines resolve dns\n");
	return sandbox_set_up(state);
}

/* It goes with the namespace, whatever was made of it. */
static int tear_down(void **state)
{
	sandbox_do(*state, &(struct step){ .type = STEP_ETC_DELETE, .netns = "ns1" });
	assert_true(sandbox_does("test -z \"$(ls -A /run/nsnetd/etc)\""));
	return sandbox_tear_down(state);
}

#define MADE_HOSTS    "/etc/hosts " ETC "made.hosts\n"
#define MADE_NSSWITCH "/etc/nsswitch.conf " ETC "made.nsswitch.conf\n"
#define MADE_RESOLV   "/etc/resolv.conf " ETC "made.resolv.conf\n"

/* At no network: the host's files, made to fit. */
static void test_alone(void **state)
{
	struct kernel *kernel = *state;
	struct stat before, after;

	binds(kernel, MADE_HOSTS MADE_NSSWITCH MADE_RESOLV);
	sandbox_shows("stat -c '%a %u' " ETC "made.*", "644 0\n644 0\n644 0\n");
	sandbox_shows("ls -A " ETC, "made.hosts\nmade.nsswitch.conf\nmade.resolv.conf\n");
	shows(kernel, "cat /etc/hosts",
		"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\tns1\n");
	shows(kernel, "cat /etc/resolv.conf", "search example.org\nnameserver 192.0.2.53\n");
	shows(kernel, "cat /etc/nsswitch.conf", "passwd: files\nhosts: files dns\n");
	sandbox_shows("cat /etc/nsswitch.conf", "mymachines");

	/* One that says the same stays as it is; one that does not is another file, and who runs keeps what he has. */
	assert_int_equal(stat(ETC "made.nsswitch.conf", &before), 0);
	binds(kernel, MADE_HOSTS MADE_NSSWITCH MADE_RESOLV);
	assert_int_equal(stat(ETC "made.nsswitch.conf", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	put("/etc/nsswitch.conf", "passwd: files\nhosts: dns\n");
	shows(kernel, "cat /etc/nsswitch.conf", "passwd: files\nhosts: dns\n");
	assert_int_equal(stat(ETC "made.nsswitch.conf", &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
}

/* Where the host has no such file, nothing is put there; nor is anything asked of one that is not there. */
static void test_nothing_there(void **state)
{
	struct kernel *kernel = *state;

	assert_true(sandbox_does("rm /etc/nsswitch.conf"));
	binds(kernel, MADE_HOSTS MADE_RESOLV);
	assert_true(sandbox_does("rm /etc/hosts; ln -sf /run/nowhere /etc/resolv.conf"));
	binds(kernel, "");
	assert_true(sandbox_does("mkdir -p /etc/netns/ns1 && echo x >/etc/netns/ns1/hosts && "
				 "echo x >/etc/netns/ns1/resolv.conf"));
	binds(kernel, "");
	assert_false(sandbox_does("test -e /etc/hosts || test -e /run/nowhere"));
}

/* The file of its network as it is, for it is changed in place. */
static void test_network(void **state)
{
	struct kernel *kernel = *state;
	static const char *const one[] = { "net1" };

	add_network(kernel, "net1");
	add_etc(kernel, one, 1, NULL);
	binds(kernel, "/etc/hosts " ETC "hosts.net1\n" MADE_NSSWITCH MADE_RESOLV);
	set_host(kernel, "net1", "other", "10.1.0.7");
	shows(kernel, "grep -w other /etc/hosts | tr -s \" \\t\" _", "10.1.0.7_other_\n");
	shows(kernel, "grep -c 192.0.2.1 /etc/hosts || true", "0\n");

	/* The link of a network that has just gone has nothing to tell. */
	delete_network(kernel, "net1");
	assert_true(sandbox_does("test -L " ETC "hosts.net1"));
	binds(kernel, MADE_HOSTS MADE_NSSWITCH MADE_RESOLV);
	shows(kernel, "grep -w ns1 /etc/hosts", "127.0.1.1\tns1\n");
}

/* Of several networks one file is made, each line once. */
static void test_networks(void **state)
{
	struct kernel *kernel = *state;
	static const char *const networks[] = { "net2", "net1", "net3" };

	for (size_t i = 0; i < lengthof(networks); i++)
		add_network(kernel, networks[i]);
	set_host(kernel, "net1", "one", "10.1.0.7");
	set_host(kernel, "net2", "two", "10.2.0.7");
	add_etc(kernel, networks, lengthof(networks), NULL);
	binds(kernel, MADE_HOSTS MADE_NSSWITCH MADE_RESOLV);
	shows(kernel, "grep -w -e one -e two -e 127.0.0.1 /etc/hosts | tr -s \" \\t\" _",
		"127.0.0.1_localhost\n10.1.0.7_one\n10.2.0.7_two\n");
	/* What has changed since is seen by who comes then. */
	set_host(kernel, "net2", "three", "10.2.0.8");
	delete_network(kernel, "net3");
	shows(kernel, "grep -w -e one -e two -e three /etc/hosts | tr -s \" \\t\" _",
		"10.1.0.7_one\n10.2.0.8_three\n");
	delete_network(kernel, "net1");
	binds(kernel, "/etc/hosts " ETC "hosts.net2\n" MADE_NSSWITCH MADE_RESOLV);
	delete_network(kernel, "net2");
}

/* The namespace's own name servers; else the host's; else those that its systemd-resolved asks. */
static void test_servers(void **state)
{
	struct kernel *kernel = *state;

	put("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\nsearch example.org\n");
	shows(kernel, "cat /etc/resolv.conf", "options edns0\nsearch example.org\n");
	assert_true(sandbox_does("mkdir -p /run/systemd/resolve"));
	put("/run/systemd/resolve/resolv.conf", "nameserver 127.0.0.1\nsearch other.example\n");
	shows(kernel, "cat /etc/resolv.conf", "options edns0\nsearch example.org\n");
	put("/run/systemd/resolve/resolv.conf", "nameserver 198.51.100.53\nsearch other.example\n");
	shows(kernel, "cat /etc/resolv.conf", "nameserver 198.51.100.53\nsearch other.example\n");
	put("/etc/resolv.conf", "nameserver 192.0.2.53\n");
	shows(kernel, "cat /etc/resolv.conf", "nameserver 192.0.2.53\n");
	add_etc(kernel, NULL, 0, "nameserver 203.0.113.53\n");
	shows(kernel, "cat /etc/resolv.conf", "nameserver 203.0.113.53\n");
	binds(kernel,
		MADE_HOSTS MADE_NSSWITCH "/etc/resolv.conf " ETC "resolv.conf\n"
					 "/run/systemd/resolve/resolv.conf " ETC "resolv.conf\n"
					 "hides /run/systemd/resolve\n");
}

/* The administrator's win: files and directories, where the host has such. */
static void test_administrator(void **state)
{
	struct kernel *kernel = *state;
	static const char *const one[] = { "net1" };

	add_network(kernel, "net1");
	add_etc(kernel, one, 1, "nameserver 203.0.113.53\n");
	assert_true(sandbox_does(
		"mkdir -p /etc/netns/ns1/ssl /etc/netns/ns1/none /etc/netns/ns2 "
		"/etc/ssl && cd /etc/netns/ns1 && echo theirs >ssl/key && "
		"touch .hosts.swp ../ns2/nsswitch.conf /etc/.hosts.swp /etc/ssl/other"));
	put("/etc/netns/ns1/resolv.conf", "nameserver 127.0.0.99\n");
	binds(kernel, "/etc/hosts " ETC "hosts.net1\n" MADE_NSSWITCH
		      "/etc/resolv.conf /etc/netns/ns1/resolv.conf\n"
		      "/etc/ssl /etc/netns/ns1/ssl\n");
	shows(kernel, "cat /etc/resolv.conf /etc/ssl/key; ls /etc/ssl",
		"nameserver 127.0.0.99\ntheirs\nkey\n");
	put("/etc/netns/ns1/hosts", "192.0.2.9 nine\n");
	put("/etc/netns/ns1/nsswitch.conf", "hosts: resolve\n");
	binds(kernel, "/etc/hosts /etc/netns/ns1/hosts\n"
		      "/etc/nsswitch.conf /etc/netns/ns1/nsswitch.conf\n"
		      "/etc/resolv.conf /etc/netns/ns1/resolv.conf\n"
		      "/etc/ssl /etc/netns/ns1/ssl\n");
	shows(kernel, "cat /etc/hosts /etc/nsswitch.conf", "192.0.2.9 nine\nhosts: resolve\n");
	/* Nothing was made of what is not shown. */
	assert_false(sandbox_does("ls -A " ETC " | grep made.hosts"));
	delete_network(kernel, "net1");
}

/* Who answers for names on the host is not there, and where /etc/resolv.conf may lead to is the namespace's. */
static void test_hidden(void **state)
{
	struct kernel *kernel = *state;

	assert_true(
		sandbox_does("mkdir -p /run/nscd /run/systemd/resolve && touch /run/nscd/socket "
			     "/run/systemd/resolve/io.systemd.Resolve"));
	binds(kernel, MADE_HOSTS MADE_NSSWITCH MADE_RESOLV
		"hides /run/nscd\nhides /run/systemd/resolve\n");
	put("/run/systemd/resolve/stub-resolv.conf",
		"nameserver 127.0.0.53\nsearch stub.example\n");
	put("/run/systemd/resolve/resolv.conf", "nameserver 198.51.100.53\n");
	assert_true(
		sandbox_does("ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf"));
	binds(kernel, MADE_HOSTS MADE_NSSWITCH MADE_RESOLV
		"/run/systemd/resolve/resolv.conf " ETC "made.resolv.conf\n"
		"/run/systemd/resolve/stub-resolv.conf " ETC "made.resolv.conf\n"
		"hides /run/nscd\nhides /run/systemd/resolve\n");
	shows(kernel,
		"cat /etc/resolv.conf /run/systemd/resolve/resolv.conf; ls /run/nscd /run/systemd/resolve",
		"nameserver 198.51.100.53\nnameserver 198.51.100.53\n"
		"/run/nscd:\n\n/run/systemd/resolve:\nresolv.conf\nstub-resolv.conf\n");
	/* The same of the administrator's. */
	assert_true(sandbox_does("mkdir -p /etc/netns/ns1"));
	put("/etc/netns/ns1/resolv.conf", "nameserver 192.0.2.99\n");
	shows(kernel, "cat /etc/resolv.conf /run/systemd/resolve/stub-resolv.conf",
		"nameserver 192.0.2.99\nnameserver 192.0.2.99\n");
}

/* What is no such thing as it should be is told, whatever lies there, and waited for by nobody. */
static void test_wrong(void **state)
{
	static const struct {
		const char *make, *unmake;
		int error;
	} rows[] = {
		{ "mkdir /etc/netns; touch /etc/netns/ns1", "rm -r /etc/netns", ENOTDIR },
		{ "rm /etc/resolv.conf; mkfifo /etc/resolv.conf", "rm /etc/resolv.conf", EINVAL },
		{ "mkdir /etc/resolv.conf", "rmdir /etc/resolv.conf", EINVAL },
		{ "ln -s resolv.conf /etc/resolv.conf", "rm /etc/resolv.conf", ELOOP },
		{ "rm /etc/nsswitch.conf; mkdir /etc/nsswitch.conf", "rmdir /etc/nsswitch.conf",
			EINVAL },
		{ "truncate -s 16777217 /etc/nsswitch.conf", "rm /etc/nsswitch.conf", EFBIG },
		{ "rm -f " ETC "made.hosts; mkdir " ETC "made.hosts", "rmdir " ETC "made.hosts",
			EISDIR },
		{ "touch " ETC "hosts.a; mkdir " ETC "hosts.b", "rm -r " ETC "hosts.*", EINVAL },
		{ "rm -rf /run/nsnetd/etc/ns1; ln -s /etc /run/nsnetd/etc/ns1",
			"rm /run/nsnetd/etc/ns1", ENOTDIR },
		{ "mkdir -m 777 /run/nsnetd/etc/ns1", "rmdir /run/nsnetd/etc/ns1", EPERM },
	};
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct kernel_view view = { .n = 7 };

	(void)view_of(kernel, &arena);
	for (size_t i = 0; i < lengthof(rows); i++) {
		int r;

		assert_true(sandbox_does("%s", rows[i].make));
		r = kernel_view(kernel, "ns1", &arena, &view);
		if (r != -rows[i].error)
			fail_msg("%s: %d, not %d", rows[i].make, r, -rows[i].error);
		assert_int_equal(view.n, 7);
		assert_true(sandbox_does("%s", rows[i].unmake));
	}
	binds(kernel, MADE_HOSTS);
}

/* Each system call fails in turn: it is told, or what is to be seen is the same. */
static void test_calls(void **state)
{
	static const char *const networks[] = { "net1", "net2" };
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct kernel_view view;
	unsigned n_failed = 0;

	put("/etc/resolv.conf", "nameserver 127.0.0.53\n");
	assert_true(sandbox_does("mkdir -p /etc/netns/ns1 /run/systemd/resolve; touch /etc/other "
				 "/etc/netns/ns1/other"));
	put("/run/systemd/resolve/resolv.conf", "nameserver 198.51.100.53\n");
	for (size_t i = 0; i < lengthof(networks); i++)
		add_network(kernel, networks[i]);
	for (unsigned has_servers = 0; has_servers < 2; has_servers++) {
		const char *wanted;

		add_etc(kernel, networks, lengthof(networks),
			has_servers ? "nameserver 203.0.113.53\n" : NULL);
		view = view_of(kernel, &arena);
		wanted = print(&view, &arena);
		for (size_t i = 0; failing_calls[i]; i++)
			for (unsigned number = 0;; number++) {
				int r;

				assert_true(sandbox_does("rm -f " ETC "made.*"));
				failing_calls_begin(failing_calls[i], number);
				r = kernel_view(kernel, "ns1", &arena, &view);
				if (!failing_calls_end())
					break;
				n_failed++;
				if (r == 0 && !streq(print(&view, &arena), wanted))
					fail_msg("%s %u: %s", failing_calls[i], number,
						print(&view, &arena));
				assert_false(sandbox_does("ls -A " ETC " | grep '^\\.'"));
			}
		binds(kernel, wanted);
	}
	assert_true(n_failed >= 40);
	for (size_t i = 0; i < lengthof(networks); i++)
		delete_network(kernel, networks[i]);
}

static void test_find_directory(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	char deep[256];
	const char *path = NULL;
	int fd;

	(void)state;
	assert_true(sandbox_does("mkdir -p '/run/dir/a b' && ln -s 'dir/a b' /run/link"));
	fd = open("/run/link", O_PATH | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(kernel_find_directory(fd, &arena, &path), 0);
	assert_string_equal(path, "/run/dir/a b");
	/* Another name is another path; none is no directory any more. */
	assert_true(sandbox_does("mv '/run/dir/a b' /run/dir/c"));
	assert_int_equal(kernel_find_directory(fd, &arena, &path), 0);
	assert_string_equal(path, "/run/dir/c");
	assert_true(sandbox_does("rm -r /run/dir /run/link"));
	path = NULL;
	assert_int_equal(kernel_find_directory(fd, &arena, &path), -ENOENT);
	assert_int_equal(close(fd), 0);
	assert_int_equal(kernel_find_directory(fd, &arena, &path), -EBADF);
	fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC);
	assert_int_equal(kernel_find_directory(fd, &arena, &path), -ENOTDIR);
	assert_int_equal(close(fd), 0);

	/* Deeper than a path may be. */
	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	fd = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 20; i++) {
		int below;

		assert_int_equal(mkdirat(fd, deep, 0755), 0);
		below = openat(fd, deep, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		assert_int_equal(close(fd), 0);
		fd = below;
	}
	assert_int_equal(kernel_find_directory(fd, &arena, &path), -ENAMETOOLONG);
	assert_int_equal(close(fd), 0);
	assert_null(path);
	assert_true(sandbox_does("rm -r /run/dddd*"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_alone),
		TEST(test_nothing_there),
		TEST(test_network),
		TEST(test_networks),
		TEST(test_servers),
		TEST(test_administrator),
		TEST(test_hidden),
		TEST(test_wrong),
		TEST(test_calls),
		TEST(test_find_directory),
	};

	sandbox_enter();
	if (mount("sandbox", "/etc", "tmpfs", 0, "mode=0755") < 0)
		return 1;
	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
