/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_apply_steps - a lab of three networks is applied and changed, and each step of that fails in turn: all is as before, to the
 * last byte
 *
 * What the methods have carried out goes to the kernel by one function. It is wrapped here, and the step whose turn it is to fail
 * is replaced by one that the kernel floor refuses: those before it are done for real, and taken back for real.
 */
#include <stdio.h>
#include <time.h>

#include "apply.h"
#include "deletion.h"
#include "log.h"
#include "methods_world.h"
#include "sandbox.h"

#define SECONDS 20

#define NETWORKS \
	"\"networks\":{\"red\":{\"prefixes\":[\"10.1.0.0/24\",\"fd01::/64\"],\"gateways\":[]}," \
	"\"green\":{\"prefixes\":[\"10.2.0.0/24\",\"fd02::/64\"],\"reach\":\"route\"}," \
	"\"blue\":{\"prefixes\":[\"10.3.0.0/24\",\"fd03::/64\"],\"persistent\":true}}"
#define ROUTER \
	"\"router\":{\"attachments\":[{\"network\":\"red\",\"addresses\":[\"10.1.0.1\",\"fd01::1\"]}," \
	"{\"network\":\"green\",\"addresses\":[\"10.2.0.2\",\"fd02::2\"]}],\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}}"
#define A \
	"\"a\":{\"attachments\":[{\"network\":\"red\",\"addresses\":[\"10.1.0.2\",\"fd01::2\"]}]," \
	"\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.1.0.1\"}]}"
#define B \
	"\"b\":{\"attachments\":[{\"network\":\"blue\",\"addresses\":[\"10.3.0.2\",\"fd03::2\"]," \
	"\"shaping\":{\"sendRate\":20000000}}],\"persistent\":true,\"nameServers\":[\"192.0.2.53\"]," \
	"\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80,\"hostPort\":8080}]}"
#define LAB "{" NETWORKS ",\"namespaces\":{" ROUTER "," A "," B "}}"
/* Something of each kind is another, two come, and one goes. */
#define OTHER \
	"{\"networks\":{\"red\":{\"isolated\":true,\"maximumTransmissionUnit\":1400},\"new\":{\"prefixes\":[\"10.4.0.0/24\"]}," \
	"\"blue\":{\"reach\":\"internal\"}},\"prune\":true,\"namespaces\":{\"a\":{\"attachments\":[{\"network\":\"blue\"," \
	"\"addresses\":[\"10.3.0.9\"]}],\"routes\":[],\"description\":\"x\"}," \
	"\"b\":{\"ports\":[],\"attachments\":[{\"network\":\"blue\",\"addresses\":[\"10.3.0.2\",\"fd03::2\"]}]," \
	"\"sysctls\":{\"net.ipv4.conf.all.rp_filter\":\"1\"}},\"e\":{\"attachments\":[{\"network\":\"new\"}]}}}"

int __real_kernel_apply(
	struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr);
int __wrap_kernel_apply(
	struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr);

/* Which step is to fail, counted from now on; -1: none. How many there were. */
static int countdown = -1;
static unsigned n_steps;

/* Up to the step before it, and then one that cannot be. */
static int apply_until(
	struct kernel *kernel, const struct plan *plan, size_t at, struct kernel_error *reterr)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan until = PLAN_INIT(&arena);
	const struct step wrong = { .type = STEP_NETNS_UNPIN, .netns = "/" };

	until.is_again = plan->is_again;
	for (size_t i = 0; i < at; i++)
		plan_add(&until, &plan->steps[i]);
	plan_add(&until, &wrong);
	assert_int_equal(__real_kernel_apply(kernel, &until, reterr), 1);
	/* Those before it were done. */
	assert_ptr_equal(reterr->step, &until.steps[at]);
	*reterr = (struct kernel_error){ &plan->steps[at], EIO, "" };
	return 1;
}

/* A plan that only goes forward is what follows when all is decided: what it does not do is logged, and nothing is taken back. */
int __wrap_kernel_apply(struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr)
{
	size_t at = (size_t)countdown;

	if (plan->is_forward)
		return __real_kernel_apply(kernel, plan, reterr);
	n_steps += (unsigned)plan->n;
	if (countdown < 0)
		return __real_kernel_apply(kernel, plan, reterr);
	if (at >= plan->n) {
		countdown -= (int)plan->n;
		return __real_kernel_apply(kernel, plan, reterr);
	}
	countdown = -1;
	return apply_until(kernel, plan, at, reterr);
}

static const char *apply(struct world *world, const char *parameters)
{
	const char *told = world_ask_as(world, 0, 0,
		arena_printf(&world->arena, "{\"method\":\"alt.nsnet.Apply\",\"parameters\":%s}",
			parameters));

	while (applies_work(&world->context))
		continue;
	return told;
}

/* All that can be seen of it, from outside and from inside. A link that comes back after it was there has another name on the
 * host, since those are numbered and none is used again soon; it has other neighbours in lists then. One that was
 * deleted and is there again was made then. Revisions only grow, and so
 * does the room for names in hosts files, whose empty places are comments. */
static const char *picture(struct world *world)
{
	return arena_printf(&world->arena, "%s%s", sandbox_picture(&world->arena),
		sandbox_run(&world->arena, NULL, "%s",
			"nft list ruleset | sed 's/^[ \\t]*elements = {//; s/}//' | tr ',' '\\n'; "
			"for ns in /run/netns/*; do [ -e $ns ] || continue; echo $ns; "
			"nsenter --net=$ns sh -c 'ip -o addr | cut -d\" \" -f2- | sed s/valid_lft.*//; ip -o link | cut -d\" \" -f2- | sed \"s/ state [A-Z]*//;s/,LOWER_UP//;s/NO-CARRIER,//\"; "
			"ip route; ip -6 route; tc qdisc; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/rp_filter'; done; "
			"find /run/nsnetd /var/lib/nsnetd -type f | sort | xargs -r grep -Hv '^#' ; "
			"grep -H . /proc/sys/net/ipv[46]/conf/*/*forwarding /proc/sys/net/ipv4/ip_forward"));
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Such letters behind that are of no account. */
static void leave_out(char *line, const char *before, const char *letters)
{
	size_t n = strlen(before);

	for (char *at = line; (at = strstr(at, before)); at += n)
		memmove(at + n, at + n + strspn(at + n, letters),
			strlen(at + n + strspn(at + n, letters)) + 1);
}

static const char *normal(struct arena *arena, const char *text)
{
	static const char *const numbers[] = { "nsv", "net:[", "shared:", "\"revision\":", "@if",
		"link-netnsid ", "\"inode\":", "\"realtime\":", "\"monotonic\":", "\"cookie\":",
		"\"bridgeIndex\":", "(id: ", "refcnt ", "qdisc tbf ", "dev if" };
	char *rest = arena_strdup(arena, text);
	const char **lines = arena_array(arena, strlen(text) + 1, sizeof(*lines));
	size_t n = 0, size = 1;
	char *all, *end;

	for (char *line; (line = strsep(&rest, "\n")); n++) {
		for (size_t i = 0; i < lengthof(numbers); i++)
			leave_out(line, numbers[i], "0123456789");
		/* What the kernel makes up for the host's ends. */
		if (strstr(line, "alias nsnetd:"))
			leave_out(line, "link/ether ", "0123456789abcdef:");
		line += strspn(line, " \t");
		lines[n] = line;
		size += strlen(line) + 1;
	}
	qsort(lines, n, sizeof(*lines), compare_lines);
	all = end = arena_alloc(arena, size);
	for (size_t i = 0; i < n; i++)
		end += sprintf(end, "%s\n", lines[i]);
	return all;
}

/* The kernel takes apart in its own time. */
static void becomes(struct world *world, const char *wanted, bool is_normal, const char *what)
{
	time_t limit = time(NULL) + SECONDS;

	for (;;) {
		autoarena struct arena arena = ARENA_INIT;
		const char *now;

		while (kernel_is_reaping(world->kernel)) {
			(void)kernel_wait_departures(world->kernel, 2000);
			deletions_follow(&world->context);
		}
		now = picture(world);
		if (is_normal)
			now = normal(&arena, now);
		if (sandbox_is_same(wanted, now, limit, what))
			return;
		(void)usleep(50000);
	}
}

static void forget(struct world *world)
{
	arena_done(&world->arena);
	world->arena = (struct arena)ARENA_INIT;
}

/* Each step of applying that fails in turn, until there is none; before: what there is then. Returns how many. */
static unsigned each_step(
	struct world *world, const char *topology, const char *before, bool is_normal)
{
	for (unsigned i = 0;; i++) {
		const char *told;

		countdown = (int)i;
		n_steps = 0;
		told = apply(world, topology);
		if (countdown >= 0) {
			countdown = -1;
			assert_has_not(told, "\"error\"");
			/* The last one to fail was the last one there is. */
			assert_int_equal(i, n_steps);
			return i;
		}
		assert_has(told, "KernelError");
		becomes(world, before, is_normal,
			arena_printf(&world->arena, "step %u: %s", i, told));
		forget(world);
	}
}

static void test_lab(void **state)
{
	struct world *world = *state;
	char *nothing = strdup(picture(world)), *lab;
	unsigned n;

	/* From nothing, and back to it. */
	n = each_step(world, LAB, nothing, false);
	print_message("a lab of three networks: %u steps\n", n);
	assert_true(n > 60);
	assert_int_equal(world->registry.n_networks, 3);
	assert_int_equal(world->registry.n_namespaces, 3);

	/* From there to another one, and back to it. */
	lab = strdup(normal(&world->arena, picture(world)));
	forget(world);
	n = each_step(world, OTHER, lab, true);
	print_message("a change of it: %u steps\n", n);
	assert_true(n > 40);
	assert_null(registry_find_namespace(&world->registry, "router"));
	assert_non_null(registry_find_namespace(&world->registry, "e"));

	assert_has(
		apply(world, "{\"networks\":{},\"namespaces\":{},\"prune\":true}"), "\"changes\"");
	becomes(world, nothing, false, "all goes");
	free(nothing);
	free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lab, world_open, world_close),
	};

	sandbox_enter();
	log_open(LOG_EMERG);
	if (!sandbox_does(
		    "ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up && "
		    "ip addr add 192.0.2.1/24 dev up0 && ip route add default via 192.0.2.254"))
		return 1;
	return cmocka_run_group_tests_name("apply_steps", tests, NULL, NULL);
}
