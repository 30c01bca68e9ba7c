/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_settings - each setting that can be declared is the namespace's own, and the kernel takes all of its range
 */
#include "sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>

#include "setting.h"

#define USER  1001
#define GROUP 2001

static const char *const interfaces[] = { "all", "default", "eth0" };

/* What older kernels keep from namespaces that belong to users. */
static const char *const not_in_owned[] = { "net.core.somaxconn" };

static bool may_be_missing(const char *name, bool is_owned)
{
	for (size_t i = 0; is_owned && i < lengthof(not_in_owned); i++)
		if (streq(name, not_in_owned[i]))
			return true;
	return false;
}

/* "/proc/sys/net/ipv4/conf/eth0/forwarding" */
static const char *path_of(struct arena *arena, const char *name, const char *interface)
{
	const char *star = strchr(name, '*');
	char *path = star ? arena_printf(arena, "/proc/sys/%.*s%s%s", (int)(star - name), name,
				    interface, star + 1)
			  : arena_printf(arena, "/proc/sys/%s", name);

	for (char *p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	return path;
}

/* What a file says, without the end of its line; NULL where it is not there. */
static const char *read_text(struct arena *arena, const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[64] = { 0 };

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return NULL;
	text[strcspn(text, "\n")] = 0;
	return arena_strdup(arena, text);
}

/* NULL, or what is wrong. */
static const char *try_value(struct arena *arena, const char *path, int64_t value)
{
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
	const char *text = arena_printf(arena, "%lld", (long long)value), *now;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return arena_printf(arena, "%s: %s: %s", path, text, strerror(errno));
	now = read_text(arena, path);
	return now && streq(now, text)
		       ? NULL
		       : arena_printf(arena, "%s: %s came to be %s", path, text, now ? now : "-");
}

/* Both ends of its range, and back to what it was: others depend on some. */
static const char *try_setting(
	struct arena *arena, size_t i, const char *interface, bool is_owned, size_t *ret_n)
{
	const char *path = path_of(arena, setting_name(i), interface), *wrong;
	const char *before = read_text(arena, path);
	int64_t least, most;

	if (!before)
		return may_be_missing(setting_name(i), is_owned)
			       ? NULL
			       : arena_printf(arena, "%s is not there", path);
	setting_range(i, &least, &most);
	wrong = try_value(arena, path, most);
	if (!wrong)
		wrong = try_value(arena, path, least);
	if (!wrong)
		wrong = try_value(arena, path, strtoll(before, NULL, 10));
	++*ret_n;
	return wrong;
}

static const char *try_all(struct arena *arena, bool is_owned, size_t *ret_n)
{
	const char *name, *wrong = NULL;

	for (size_t i = 0; !wrong && (name = setting_name(i)); i++) {
		size_t n = strchr(name, '*') ? lengthof(interfaces) : 1;

		for (size_t j = 0; !wrong && j < n; j++)
			wrong = try_setting(arena, i, interfaces[j], is_owned, ret_n);
	}
	return wrong;
}

/* In a child that is root outside and in that network namespace, as the daemon is when it sets one. */
static void try_inside(int netns, bool is_owned)
{
	int status, told[2];
	char buffer[256];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		autoarena struct arena arena = ARENA_INIT;
		size_t n_tried = 0;
		const char *wrong = setns(netns, CLONE_NEWNET) < 0
					    ? "cannot enter"
					    : try_all(&arena, is_owned, &n_tried);

		(void)dprintf(told[1], "%s", wrong ? wrong : "");
		_exit(wrong || n_tried < 100);
	}
	close_fd(told[1]);
	n = read(told[0], buffer, sizeof(buffer) - 1);
	close_fd(told[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (n > 0)
		fail_msg("%.*s", (int)n, buffer);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* All settings of the sandbox's own namespace, which stands for the host. */
static const char *host_settings(struct arena *arena)
{
	return sandbox_run(arena, NULL,
		"find /proc/sys/net -type f ! -name flush ! -name stable_secret "
		"! -name nf_conntrack_count | sort | xargs grep -s ''; true");
}

static void try_namespace(bool is_owned)
{
	autoarena struct arena arena = ARENA_INIT;
	cleanup(kernel_free) struct kernel *kernel = sandbox_kernel();
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct plan plan = PLAN_INIT(&arena);
	const char *before;
	int netns;

	sandbox_make_network(kernel, 0);
	sandbox_plan_namespace(&plan, &ns);
	assert_int_equal(plan.steps[0].type, STEP_NETNS_ADD);
	plan.steps[0].facts.is_owned = is_owned;
	plan.steps[0].facts.uid = USER;
	plan.steps[0].facts.gid = GROUP;
	sandbox_apply(kernel, &plan);
	before = host_settings(&arena);
	assert_non_null(strstr(before, "net/ipv4/conf/nsnet0/rp_filter"));
	netns = kernel_open_netns(kernel, "ns1");
	assert_true(netns >= 0);
	try_inside(netns, is_owned);
	close_fd(netns);
	assert_string_equal(host_settings(&arena), before);
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	sandbox_delete_network(kernel, 0);
}

static void test_of_host(void **state)
{
	(void)state;
	try_namespace(false);
}

static void test_of_user(void **state)
{
	(void)state;
	try_namespace(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_host),
		cmocka_unit_test(test_of_user),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
