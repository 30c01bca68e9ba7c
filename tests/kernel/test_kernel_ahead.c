/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_kernel_ahead - namespaces of which another one follows: the next one is made meanwhile, and is one like any other
 */
#include "sandbox.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ALICE 1001
#define BOB   1002
#define N     8

/* The first step makes the namespace itself. */
static struct step *first_of(struct plan *plan)
{
	assert_int_equal(plan->steps[0].type, STEP_NETNS_ADD);
	return &plan->steps[0];
}

static void make(struct kernel *kernel, struct sandbox_namespace *ns, uid_t uid,
	const char *sibling, bool is_followed)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct step *first;

	sandbox_plan_namespace(&plan, ns);
	first = first_of(&plan);
	first->facts.is_followed = is_followed;
	first->facts.is_owned = uid != 0;
	first->facts.uid = uid;
	first->facts.gid = uid;
	first->facts.sibling = sibling;
	sandbox_apply(kernel, &plan);
}

static void delete_all(struct kernel *kernel, const struct sandbox_namespace *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sandbox_delete(kernel, &all[i]);
	for (size_t i = 0; i < n; i++)
		sandbox_wait_gone(kernel, &all[i]);
}

static size_t count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	(void)closedir(directory);
	return n;
}

/* The network namespaces that we hold by a descriptor: how many. */
static size_t list_held(int64_t *ret, size_t most)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(directory);
	for (const struct dirent *entry; (entry = readdir(directory));) {
		char text[64] = { 0 };

		if (readlinkat(dirfd(directory), entry->d_name, text, sizeof(text) - 1) > 5 &&
			memcmp(text, "net:[", 5) == 0 && n < most)
			ret[n++] = strtoll(text + 5, NULL, 10);
	}
	(void)closedir(directory);
	return n;
}

/* One that nobody asks for is given up in the end. */
static void wait_descriptors(size_t most)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	for (int i = 0; i < 1000 && count_descriptors() > most; i++)
		(void)nanosleep(&pause, NULL);
	assert_in_range(count_descriptors(), 0, most);
}

static void check(struct kernel *kernel, const struct sandbox_namespace *ns, uid_t uid)
{
	autoarena struct arena arena = ARENA_INIT;
	uid_t owner = 0;
	int r = kernel_owner(kernel, ns->name, &owner);

	assert_int_equal(r, uid != 0 ? 0 : -ENOTTY);
	assert_int_equal(owner, uid);
	assert_int_not_equal(ns->inode, 0);
	sandbox_shows(arena_printf(&arena, "stat -Lc %%i /run/netns/%s", ns->name),
		arena_printf(&arena, "%lld\n", (long long)ns->inode));
	sandbox_shows(arena_printf(&arena, "ip -n %s link show lo", ns->name), "LOOPBACK,UP");
	sandbox_shows(arena_printf(&arena, "ip -n %s addr show eth0", ns->name),
		arena_printf(&arena, "inet 10.99.0.%u/24", ns->host));
	sandbox_shows(arena_printf(&arena,
			      "nsenter --net=/run/netns/%s sysctl -n "
			      "net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start "
			      "net.ipv6.conf.default.accept_ra",
			      ns->name),
		"0\t2147483647\n0\n0\n");
	assert_true(
		sandbox_does("nsenter --net=/run/netns/%s ping -c 1 -W 5 -q 10.99.0.1", ns->name));
}

static struct sandbox_namespace numbered(const char *name, unsigned i)
{
	return (struct sandbox_namespace){ name, 0, 10 + i, 1 + i, 0, 0 };
}

static void test_one_behind_the_other(void **state)
{
	static const char *const names[N] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	const uid_t users[] = { 0, ALICE };
	struct kernel *kernel = *state;

	for (size_t user = 0; user < lengthof(users); user++) {
		struct sandbox_namespace all[N];
		size_t before = 0;

		for (unsigned i = 0; i < N; i++) {
			all[i] = numbered(names[i], i);
			make(kernel, &all[i], users[user], users[user] && i ? "a" : NULL,
				i + 1 < N);
			for (unsigned j = 0; j < i; j++) {
				assert_int_not_equal(all[i].inode, all[j].inode);
				assert_true(all[i].cookie == 0 || all[i].cookie != all[j].cookie);
			}
		}
		before = count_descriptors();
		for (unsigned i = 0; i < N; i++)
			check(kernel, &all[i], users[user]);
		delete_all(kernel, all, N);
		/* Each was one, and nothing was kept. */
		wait_descriptors(before - N);
	}
}

/* Who comes next may be another one, or nobody. */
static void test_another_one(void **state)
{
	static const struct {
		uid_t uid, next;
		bool has_sibling;
	} rows[] = { { 0, ALICE, false }, { ALICE, 0, false }, { ALICE, BOB, false },
		{ ALICE, ALICE, false }, { ALICE, ALICE, true } };
	struct kernel *kernel = *state;
	size_t before;

	/* The main thread has a /proc of its own from its first one on. */
	before = count_descriptors() + 1;
	for (size_t i = 0; i < lengthof(rows); i++) {
		struct sandbox_namespace all[] = { numbered("a", 0), numbered("b", 1) };

		make(kernel, &all[0], rows[i].uid, NULL, true);
		make(kernel, &all[1], rows[i].next, rows[i].has_sibling ? "a" : NULL, false);
		check(kernel, &all[0], rows[i].uid);
		check(kernel, &all[1], rows[i].next);
		delete_all(kernel, all, 2);
		wait_descriptors(before);

		make(kernel, &all[0], rows[i].uid, NULL, true);
		check(kernel, &all[0], rows[i].uid);
		delete_all(kernel, all, 1);
		wait_descriptors(before);
	}
}

/* Whether the second one was there before it was asked for. */
static bool is_made_meanwhile(struct kernel *kernel)
{
	struct sandbox_namespace all[] = { numbered("a", 0), numbered("b", 1) };
	int64_t before[16], held[16];
	size_t n, n_before = list_held(before, lengthof(before));
	bool is_found = false;

	make(kernel, &all[0], 0, NULL, true);
	for (int i = 0; i < 300 && list_held(held, lengthof(held)) < n_before + 2; i++)
		(void)usleep(1000);
	n = list_held(held, lengthof(held));
	make(kernel, &all[1], 0, NULL, false);
	for (size_t i = 0; i < n; i++)
		is_found = is_found || held[i] == all[1].inode;
	delete_all(kernel, all, 2);
	return is_found;
}

/* It is given up after a while, so that on a busy machine it may be gone again. */
static void test_meanwhile(void **state)
{
	bool is_made = false;

	for (int i = 0; i < 30 && !is_made; i++)
		is_made = is_made_meanwhile(*state);
	assert_true(is_made);
}

/* The end may come at any moment. */
static void test_end(void **state)
{
	for (unsigned i = 0; i < 20; i++) {
		struct sandbox_namespace ns = numbered("a", 0);
		struct kernel *kernel = *state;

		make(kernel, &ns, i % 2 ? ALICE : 0, NULL, true);
		(void)usleep(100 * i);
		sandbox_delete(kernel, &ns);
		sandbox_wait_gone(kernel, &ns);
		sandbox_delete_network(kernel, 0);
		kernel_free(kernel);
		*state = kernel = sandbox_kernel();
		sandbox_make_network(kernel, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, sandbox_set_up_network, sandbox_tear_down_network)
		TEST(test_one_behind_the_other),
		TEST(test_another_one),
		TEST(test_meanwhile),
		TEST(test_end),
#undef TEST
	};

	sandbox_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
