/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox - a network and a mount namespace of the test's own, and words to make and look at things in it
 */
#include "sandbox.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "log.h"

static void need(bool is_true, const char *what)
{
	if (is_true)
		return;
	perror(what);
	exit(1);
}

void sandbox_enter(void)
{
	log_open(LOG_ERR);
	need(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0, "unshare: the kernel tests need root");
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount --make-rprivate /");
	need(mount("sandbox", "/run", "tmpfs", 0, "mode=0755") == 0, "mount /run");
	/* As systemd has it. */
	need(mount(NULL, "/run", NULL, MS_SHARED, NULL) == 0, "mount --make-shared /run");
	/* What is kept over a reboot: nothing of the machine's own. */
	need(mount("sandbox", "/var/lib", "tmpfs", 0, "mode=0755") == 0, "mount /var/lib");
	need(system("ip link set lo up") == 0, "ip link set lo up");
}

attribute_printf(3, 0) static const
	char *run_va(struct arena *arena, int *ret_status, const char *format, va_list args)
{
	char command[2048], buffer[4096];
	const char *output = "";
	size_t n;
	FILE *pipe;
	int status;

	assert_true(vsnprintf(command, sizeof(command), format, args) < (int)sizeof(command));
	pipe = popen(command, "r"); /* flawfinder: ignore */
	assert_non_null(pipe);
	while ((n = fread(buffer, 1, sizeof(buffer) - 1, pipe)) > 0) {
		buffer[n] = 0;
		output = arena_printf(arena, "%s%s", output, buffer);
	}
	status = pclose(pipe);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	if (ret_status)
		*ret_status = status;
	else if (status != 0)
		fail_msg("%s: exit status %d: %s", command, status, output);
	return output;
}

const char *sandbox_run(struct arena *arena, int *ret_status, const char *format, ...)
{
	const char *output;
	va_list args;

	va_start(args, format);
	output = run_va(arena, ret_status, format, args);
	va_end(args);
	return output;
}

bool sandbox_does(const char *format, ...)
{
	autoarena struct arena arena = ARENA_INIT;
	va_list args;
	int status;

	va_start(args, format);
	(void)run_va(&arena, &status, format, args);
	va_end(args);
	return status == 0;
}

void sandbox_shows(const char *command, const char *text)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *output = sandbox_run(&arena, NULL, "%s", command);

	if (!strstr(output, text))
		fail_msg("%s: no \"%s\" in: %s", command, text, output);
}

void sandbox_hides(const char *command, const char *text)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *output = sandbox_run(&arena, NULL, "%s", command);

	if (strstr(output, text))
		fail_msg("%s: \"%s\" in: %s", command, text, output);
}

size_t sandbox_mounts(const char *text)
{
	autoarena struct arena arena = ARENA_INIT;

	return (size_t)atoi(
		sandbox_run(&arena, NULL, "grep -c -F -- '%s' /proc/self/mountinfo || true", text));
}

/* Without what the kernel tells of a link's carrier, which it works on some time later. */
const char *sandbox_picture(struct arena *arena)
{
	return sandbox_run(arena, NULL,
		"while ip -6 addr show tentative | grep -q .; do sleep 0.01; done; "
		"ip -o link | cut -d' ' -f2- | sed 's/ state [A-Z]*//; s/,LOWER_UP//; s/NO-CARRIER,//'; ip -o addr | sed 's/valid_lft.*//'; ip route show table all; "
		"ip -6 route show table all; cut -d' ' -f4- /proc/self/mountinfo | sort; ip netns list; "
		"find /run /var/lib -path /run/mount -prune -o -printf '%%p %%m %%l\\n' | sort; "
		"grep -hv '^#' /run/nsnetd/hosts/*/* 2>/dev/null; "
		"ls /proc/self/fd | wc -l");
}

void sandbox_is_as(const char *before)
{
	autoarena struct arena arena = ARENA_INIT;

	(void)sandbox_is_same(before, sandbox_picture(&arena), 0, "not as before");
}

bool sandbox_is_same(const char *wanted, const char *now, time_t limit, const char *what)
{
	size_t line = 0;

	for (size_t i = 0; now[i] == wanted[i]; i++) {
		if (!now[i])
			return true;
		if (now[i] == '\n')
			line = i + 1;
	}
	if (time(NULL) > limit)
		fail_msg("%s: \"%.*s\" was there, and \"%.*s\" is", what,
			(int)strcspn(wanted + line, "\n"), wanted + line,
			(int)strcspn(now + line, "\n"), now + line);
	return false;
}

struct kernel *sandbox_kernel(void)
{
	struct kernel *kernel;
	const char *what;
	int r = kernel_new(&kernel_paths_default, &kernel, &what);

	if (r < 0)
		fail_msg("kernel_new: %s: %s", what, strerror(-r));
	return kernel;
}

struct address sandbox_address(const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	return address;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_true(prefix_parse(text, &prefix));
	return prefix;
}

static struct step bridge_step(struct arena *arena, enum step_type type, unsigned number)
{
	struct address gateway = sandbox_address(arena_printf(arena, "10.99.%u.1", number));

	return (struct step){
		.type = type,
		.bridge = {
			.name = arena_printf(arena, "nsnet%u", number),
			.anchor = arena_printf(arena, "nsnet%ua", number),
			.alias = arena_printf(arena, "nsnetd:@net%u", number),
			.mac = mac_of_address(&gateway),
			.mtu = 1400,
		},
	};
}

void sandbox_plan_network(struct plan *plan, unsigned number)
{
	struct arena *arena = plan->arena;
	struct step step = bridge_step(arena, STEP_BRIDGE_ADD, number);
	const char *bridge = step.bridge.name;

	plan_add(plan, &step);
	plan_add(plan, &(struct step){ .type = STEP_ADDRESS_ADD,
			       .address = { bridge,
				       prefix_of(arena_printf(arena, "10.99.%u.1/24", number)) } });
	plan_add(plan, &(struct step){ .type = STEP_ADDRESS_ADD,
			       .address = { bridge,
				       prefix_of(arena_printf(arena, "fd99:%u::1/64", number)) } });
	plan_add(plan,
		&(struct step){ .type = STEP_SYSCTL_SET,
			.sysctl = {
				arena_printf(arena, "net/ipv4/conf/%s/forwarding", bridge), 1 } });
	plan_add(plan, &(struct step){ .type = STEP_HOSTS_ADD,
			       .hosts = { .network = arena_printf(arena, "net%u", number) } });
}

void sandbox_plan_network_gone(struct plan *plan, unsigned number)
{
	struct arena *arena = plan->arena;
	struct step step = bridge_step(arena, STEP_BRIDGE_DELETE, number);

	plan->is_forward = true;
	plan_add(plan, &(struct step){ .type = STEP_SYSCTL_RESTORE,
			       .sysctl = { .key = arena_printf(arena, "net/ipv4/conf/%s/forwarding",
						   step.bridge.name) } });
	plan_add(plan, &step);
	plan_add(plan, &(struct step){ .type = STEP_HOSTS_DELETE,
			       .hosts = { .network = arena_printf(arena, "net%u", number) } });
}

static struct step veth_step(
	struct arena *arena, enum step_type type, const struct sandbox_namespace *ns)
{
	struct address address =
		sandbox_address(arena_printf(arena, "10.99.%u.%u", ns->network, ns->host));

	return (struct step){
		.type = type,
		.netns = ns->name,
		.veth = {
			.name = arena_printf(arena, "nsv%u", ns->link),
			.bridge = arena_printf(arena, "nsnet%u", ns->network),
			.alias = arena_printf(arena, "nsnetd:%s/eth0", ns->name),
			.peer = "eth0",
			.mac = mac_of_address(&address),
			.mtu = 1400,
		},
	};
}

static struct step hosts_step(
	struct arena *arena, enum step_type type, const struct sandbox_namespace *ns)
{
	return (struct step){
		.type = type,
		.hosts = {
			.network = arena_printf(arena, "net%u", ns->network),
			.slot = ns->host,
			.name = ns->name,
			.addresses = {
				sandbox_address(arena_printf(arena, "10.99.%u.%u", ns->network, ns->host)),
				sandbox_address(arena_printf(arena, "fd99:%u::%x", ns->network, ns->host)),
			},
		},
	};
}

static void plan_inside(struct plan *plan, const struct sandbox_namespace *ns)
{
	static const char *const forms[][3] = {
		{ "10.99.%u.%u/24", "10.99.%u.1", "0.0.0.0/0" },
		{ "fd99:%u::%x/64", "fd99:%u::1", "::/0" },
	};

	for (size_t i = 0; i < FAMILIES; i++) {
		char address[64], gateway[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(address, sizeof(address), forms[i][0], ns->network, ns->host);
		(void)snprintf(gateway, sizeof(gateway), forms[i][1], ns->network);
#pragma GCC diagnostic pop
		plan_add(plan, &(struct step){ .type = STEP_ADDRESS_ADD,
				       .netns = ns->name,
				       .address = { "eth0", prefix_of(address) } });
		plan_add(plan, &(struct step){ .type = STEP_ROUTE_ADD,
				       .netns = ns->name,
				       .route = { "eth0", prefix_of(forms[i][2]),
					       sandbox_address(gateway), 0, false } });
	}
}

void sandbox_plan_namespace(struct plan *plan, struct sandbox_namespace *ns)
{
	struct arena *arena = plan->arena;
	const char **networks = arena_array(arena, 1, sizeof(*networks));
	struct nsnet_route *record = arena_alloc(arena, sizeof(*record));
	struct step step;

	networks[0] = arena_printf(arena, "net%u", ns->network);
	record->destination = arena_printf(arena, "%s's", ns->name);
	plan_add(plan, &(struct step){ .type = STEP_NETNS_ADD,
			       .netns = ns->name,
			       .facts = { .ret_inode = &ns->inode, .ret_cookie = &ns->cookie } });
	step = veth_step(arena, STEP_VETH_ADD, ns);
	plan_add(plan, &step);
	plan_inside(plan, ns);
	step = hosts_step(arena, STEP_HOSTS_SET, ns);
	plan_add(plan, &step);
	plan_add(plan, &(struct step){ .type = STEP_ETC_ADD,
			       .netns = ns->name,
			       .etc.is = { networks, 1, "nameserver 192.0.2.53\n" } });
	plan_add(plan, &(struct step){ .type = STEP_RECORD_WRITE,
			       .record = { RECORD_NAMESPACE, ns->name, &nsnet_route_type, record,
				       NULL } });
	step = veth_step(arena, STEP_VETH_SETTLE, ns);
	plan_add(plan, &step);
	plan_add(plan, &(struct step){ .type = STEP_NETNS_PIN, .netns = ns->name });
}

void sandbox_plan_namespace_gone(struct plan *plan, const struct sandbox_namespace *ns)
{
	struct step step = hosts_step(plan->arena, STEP_HOSTS_CLEAR, ns);

	plan->is_forward = true;
	plan_add(plan, &(struct step){ .type = STEP_NETNS_UNPIN, .netns = ns->name });
	plan_add(plan, &(struct step){ .type = STEP_NETNS_DROP, .netns = ns->name });
	plan_add(plan, &step);
	plan_add(plan, &(struct step){ .type = STEP_ETC_DELETE, .netns = ns->name });
	plan_add(plan, &(struct step){ .type = STEP_RECORD_DELETE,
			       .record = { .kind = RECORD_NAMESPACE, .name = ns->name } });
}

void sandbox_plan_guard(struct plan *plan, enum step_type type, const struct sandbox_namespace *ns)
{
	struct arena *arena = plan->arena;
	struct step veth = veth_step(arena, STEP_VETH_ADD, ns);

	plan_add(plan,
		&(struct step){
			.type = type,
			.guard = {
				.port = veth.veth.name,
				.mac = veth.veth.mac,
				.addresses = {
					sandbox_address(arena_printf(arena, "10.99.%u.%u", ns->network, ns->host)),
					sandbox_address(arena_printf(arena, "fd99:%u::%x", ns->network, ns->host)),
				},
			},
		});
}

void sandbox_plan_guarded(struct plan *plan, struct sandbox_namespace *ns)
{
	sandbox_plan_guard(plan, STEP_GUARD_ADD, ns);
	sandbox_plan_namespace(plan, ns);
	for (size_t i = 0; i < plan->n; i++)
		if (plan->steps[i].type == STEP_VETH_ADD && plan->steps[i].netns == ns->name)
			plan->steps[i].veth.is_guarded = true;
}

void sandbox_apply(struct kernel *kernel, const struct plan *plan)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel_error error;

	if (kernel_apply(kernel, plan, &error) != 0)
		fail_msg("%s: %s (%s)", step_print(error.step, &arena), strerror(error.error),
			error.message);
}

void sandbox_do(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	plan_add(&plan, step);
	sandbox_apply(kernel, &plan);
}

int sandbox_fail(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error = { 0 };

	plan_add(&plan, step);
	assert_int_equal(kernel_apply(kernel, &plan, &error), 1);
	return error.error;
}

void sandbox_make_network(struct kernel *kernel, unsigned number)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	sandbox_plan_network(&plan, number);
	sandbox_apply(kernel, &plan);
}

void sandbox_delete_network(struct kernel *kernel, unsigned number)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	sandbox_plan_network_gone(&plan, number);
	sandbox_apply(kernel, &plan);
}

void sandbox_make(struct kernel *kernel, struct sandbox_namespace *ns)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	sandbox_plan_namespace(&plan, ns);
	sandbox_apply(kernel, &plan);
}

void sandbox_delete(struct kernel *kernel, const struct sandbox_namespace *ns)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	sandbox_plan_namespace_gone(&plan, ns);
	sandbox_apply(kernel, &plan);
}

void sandbox_reap(struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	int64_t *numbers;

	/* Nobody waits longer than the test's time limit. */
	while (kernel_is_reaping(kernel))
		(void)kernel_wait_departures(kernel, 10000);
	(void)kernel_read_departures(kernel, &arena, &numbers);
}

void sandbox_wait_gone(struct kernel *kernel, const struct sandbox_namespace *ns)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	sandbox_reap(kernel);
	while (sandbox_does("ip link show dev nsv%u >/dev/null 2>&1", ns->link))
		(void)nanosleep(&pause, NULL);
}

int sandbox_set_up(void **state)
{
	*state = sandbox_kernel();
	return 0;
}

int sandbox_tear_down(void **state)
{
	kernel_free(*state);
	return 0;
}

int sandbox_set_up_network(void **state)
{
	*state = sandbox_kernel();
	sandbox_make_network(*state, 0);
	return 0;
}

int sandbox_tear_down_network(void **state)
{
	sandbox_delete_network(*state, 0);
	return sandbox_tear_down(state);
}

int sandbox_set_up_namespace(void **state)
{
	struct sandbox_namespace ns1 = { "ns1", 0, 10, 1, 0, 0 };

	(void)sandbox_set_up_network(state);
	sandbox_make(*state, &ns1);
	return 0;
}

int sandbox_tear_down_namespace(void **state)
{
	const struct sandbox_namespace ns1 = { "ns1", 0, 10, 1, 0, 0 };

	sandbox_delete(*state, &ns1);
	sandbox_wait_gone(*state, &ns1);
	return sandbox_tear_down_network(state);
}
