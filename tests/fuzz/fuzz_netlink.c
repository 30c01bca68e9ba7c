/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_netlink - any bytes as the kernel's answers, dumps and events, to each who reads them
 *
 * The first byte says who asks; what follows are datagrams as fake_netlink.h has them.
 */
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "fake_netlink.h"
#include "event_message.h"
#include "firewall.h"
#include "flows.h"
#include "foreign.h"
#include "fuzz.h"
#include "inspect.h"
#include "link.h"
#include "log.h"
#include "name.h"
#include "nft.h"
#include "route.h"

static char folder[] = "/tmp/nsnetd-fuzz-netlink-XXXXXX";
static int proc = -EBADF;

/* A /proc, and settings whose former value is kept; behind them one with nothing on, and one without anything. */
static const struct {
	const char *path, *text; /* NULL: a directory */
} files[] = {
	{ "sys", NULL },
	{ "sys/net", NULL },
	{ "sys/net/bridge", NULL },
	{ "sys/net/bridge/bridge-nf-call-iptables", "1\n" },
	{ "sys/net/bridge/bridge-nf-call-ip6tables", "0\n" },
	{ "sys/net/ipv4", NULL },
	{ "sys/net/ipv4/conf", NULL },
	{ "sys/net/ipv4/conf/eth0", NULL },
	{ "sys/net/ipv4/conf/eth0/forwarding", "0\n" },
	{ "net,ipv4,conf,eth0,forwarding", "0\n" },
	{ "sys/net/ipv4/conf/eth1", NULL },
	{ "sys/net/ipv4/conf/eth1/forwarding", "1\n" },
	{ "net,ipv4,conf,eth1,forwarding", "0\n" },
	{ "sys/net/ipv4/conf/eth2", NULL },
	{ "sys/net/ipv4/conf/eth2/forwarding", "?\n" },
	{ "net,ipv6,conf,eth1,force_forwarding", "0\n" },
	{ "off", NULL },
	{ "off/sys", NULL },
	{ "off/sys/net", NULL },
	{ "off/sys/net/bridge", NULL },
	{ "off/sys/net/bridge/bridge-nf-call-iptables", "0\n" },
	{ "off/sys/net/bridge/bridge-nf-call-ip6tables", "0\n" },
	{ "none", NULL },
};

static void end(void)
{
	for (size_t i = lengthof(files); i-- > 0;)
		(void)unlinkat(proc, files[i].path, files[i].text ? 0 : AT_REMOVEDIR);
	(void)rmdir(folder);
}

static void begin(void)
{
	log_open(LOG_EMERG);
	fuzz_check(mkdtemp(folder));
	proc = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(proc >= 0 && atexit(end) == 0);
	for (size_t i = 0; i < lengthof(files); i++) {
		autoclose int fd = -EBADF;

		if (!files[i].text) {
			fuzz_check(mkdirat(proc, files[i].path, 0700) == 0);
			continue;
		}
		fd = openat(proc, files[i].path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		fuzz_check(fd >= 0 && write(fd, files[i].text, strlen(files[i].text)) > 0);
	}
}

static void check_address(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	struct address again;

	fuzz_check(address->family == AF_INET || address->family == AF_INET6);
	fuzz_check(address_parse(address_format(address, text), &again));
	fuzz_check(address_is_equal(address, &again));
}

static void list_prefixes(struct kernel *kernel, struct arena *arena)
{
	struct snapshot_prefixes prefixes = { 0 };

	if (kernel_prefixes(kernel, arena, &prefixes) < 0)
		return;
	for (size_t i = 0; i < prefixes.n; i++) {
		check_address(&prefixes.items[i].prefix.address);
		fuzz_check(prefixes.items[i].prefix.length <=
			   address_bits(&prefixes.items[i].prefix.address));
		fuzz_check(strlen(prefixes.items[i].interface) < INTERFACE_SIZE);
	}
}

static void list_uplinks(struct kernel *kernel, struct arena *arena)
{
	struct snapshot_uplinks uplinks = { 0 };

	if (kernel_uplinks(kernel, arena, &uplinks) < 0)
		return;
	for (size_t i = 0; i < uplinks.n; i++) {
		fuzz_check(interface_name_is_valid(uplinks.items[i].name));
		for (size_t j = 0; j < i; j++)
			fuzz_check(!streq(uplinks.items[i].name, uplinks.items[j].name));
	}
}

static void inspect(struct kernel *kernel, struct arena *arena)
{
	struct nsnet_interface_list interfaces;
	struct nsnet_route_list routes;

	if (inspect_read(kernel, &kernel->host, arena, &interfaces, &routes) < 0)
		return;
	for (size_t i = 0; i < interfaces.n; i++) {
		fuzz_check(interfaces.items[i].name && interfaces.items[i].operational_state);
		for (size_t j = 0; j < interfaces.items[i].addresses.n; j++)
			fuzz_check(*interfaces.items[i].addresses.items[j]);
	}
	for (size_t i = 0; i < routes.n; i++)
		fuzz_check(*routes.items[i].destination);
}

/* What arrays have taken. */
static size_t n_taken;

void *__real_arena_array(struct arena *arena, size_t n, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t n, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t n, size_t size)
{
	n_taken += n * size;
	return __real_arena_array(arena, n, size);
}

/* Whose namespace it is may put very much into it: what we take for it grows as that does, and not faster. */
static void inspect_many(struct kernel *kernel, struct arena *arena)
{
	fake_netlink_allow_repeats();
	n_taken = 0;
	inspect(kernel, arena);
	fuzz_check(n_taken <= 64 * (fake_netlink_told() + 64));
}

static void find_listener(struct kernel *kernel, unused struct arena *arena)
{
	struct address hosts[3];

	fuzz_check(address_parse("192.0.2.1", &hosts[0]));
	fuzz_check(address_parse("0.0.0.0", &hosts[1]));
	fuzz_check(address_parse("2001:db8::1", &hosts[2]));
	for (size_t i = 0; i < lengthof(hosts); i++) {
		int r = kernel_is_listening(kernel,
			i == 1 ? NSNET_PROTOCOL_UDP : NSNET_PROTOCOL_TCP, &hosts[i], 0x5050);

		fuzz_check(r <= 1);
	}
	fuzz_check(kernel_is_listening(kernel, NSNET_PROTOCOL_UNSET, &hosts[0], 1) == -EINVAL);
}

static void end_flows(struct kernel *kernel, unused struct arena *arena)
{
	struct step steps[3] = {
		{ .type = STEP_FLOWS_DELETE,
			.port = { .protocol = NSNET_PROTOCOL_TCP,
				.host_port = 8080,
				.namespace_port = 80 } },
	};

	fuzz_check(flows_delete(kernel, steps, 1) == -EINVAL);
	steps[1] = steps[2] = steps[0];
	steps[2].port.protocol = NSNET_PROTOCOL_UDP;
	fuzz_check(address_parse("0.0.0.0", &steps[0].port.host) &&
		   address_parse("10.203.0.2", &steps[0].port.target) &&
		   address_parse("::1", &steps[1].port.host) &&
		   address_parse("2001:db8::2", &steps[1].port.target) &&
		   address_parse("192.0.2.1", &steps[2].port.host) &&
		   address_parse("10.203.0.2", &steps[2].port.target));
	fuzz_check(flows_delete(kernel, steps, lengthof(steps)) <= 0);
}

static int on_link(const struct link_facts *link, unused void *userdata)
{
	fuzz_check(link->name && link->alias && strlen(link->name) + strlen(link->alias) < 65536);
	return 0;
}

static void list_links(struct kernel *kernel, unused struct arena *arena)
{
	(void)link_list(kernel, on_link, NULL);
}

static void find_link(struct kernel *kernel, struct arena *arena)
{
	struct string_list addresses;
	struct snapshot_link link;

	if (kernel_find_link(kernel, "eth0", arena, &addresses) == 0)
		for (size_t i = 0; i < addresses.n; i++)
			fuzz_check(strchr(addresses.items[i], '/'));
	if (kernel_look_link(kernel, "nsv0", &link) == 0)
		fuzz_check(strlen(link.name) < INTERFACE_SIZE);
	(void)link_find(kernel, "nsv0");
}

static void find_bypass(struct kernel *kernel, unused struct arena *arena)
{
	static const char *const others[] = { "off", "none" };

	(void)kernel_may_bypass(kernel);
	for (size_t i = 0; i < lengthof(others); i++) {
		autoclose int other = openat(proc, others[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		fuzz_check(other >= 0);
		kernel->proc = other;
		fuzz_check(kernel_may_bypass(kernel) == 0);
	}
	kernel->proc = proc;
}

static void list_ports(struct kernel *kernel, struct arena *arena)
{
	struct snapshot_port *ports;
	size_t n;

	if (firewall_list_ports(kernel, arena, &ports, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		check_address(&ports[i].target);
		fuzz_check(ports[i].target.family == ports[i].host.family);
	}
}

static void watch(struct kernel *kernel, unused struct arena *arena)
{
	int fd;

	if (nft_watch(kernel, &fd) == 0 && nft_was_changed(kernel))
		fuzz_check(!kernel->are_guards_ready);
	fuzz_check(kernel->nft_events < 0 || kernel->nft_events == fd);
	kernel->nft_events = -EBADF;
}

static void look_for_events(struct kernel *kernel, struct kernel_changes *changes)
{
	kernel->uplinks = calloc(1, sizeof(*kernel->uplinks));
	fuzz_check(kernel->uplinks);
	kernel->uplinks[0] = (struct uplink){ .index = 2, .mtu = 1500, .name = "eth0" };
	kernel->n_uplinks = 1;
	(void)kernel_read_events(kernel, changes);
	fuzz_check(
		!(changes->events & KERNEL_EVENT_SETTING) || changes->events & KERNEL_EVENT_HOST);
	event_message_touch(changes, "ns1");
	event_message_touch(changes, "../ns1");
	fuzz_check(changes->n > 0 && changes->n <= lengthof(changes->objects));
	for (size_t i = 0; i < changes->n; i++)
		fuzz_check(*changes->objects[i].name);
}

static void read_events(struct kernel *kernel, struct arena *arena)
{
	struct kernel_changes *changes = arena_alloc(arena, sizeof(*changes));

	*changes = (struct kernel_changes){ 0 };
	look_for_events(kernel, changes);
}

/* Where IPv6 is forwarded by interface as well. */
static void read_events_forced(struct kernel *kernel, struct arena *arena)
{
	kernel->has_force_forwarding = true;
	read_events(kernel, arena);
}

/* Where there is room for one more object. */
static void read_events_full(struct kernel *kernel, struct arena *arena)
{
	struct kernel_changes *changes = arena_alloc(arena, sizeof(*changes));

	changes->events = 0;
	changes->n = lengthof(changes->objects) - 1;
	for (size_t i = 0; i < changes->n; i++)
		changes->objects[i] = (struct kernel_touched){ .name = "taken" };
	look_for_events(kernel, changes);
	event_message_touch(changes, "ns2");
	fuzz_check(changes->n == lengthof(changes->objects));
	fuzz_check(changes->events & KERNEL_EVENT_LOST);
}

static struct nl_msg *message(void)
{
	const struct rtmsg header = { .rtm_family = AF_INET };

	return netlink_message(RTM_GETROUTE, 0, &header, sizeof(header));
}

static void send_batch(struct kernel *kernel, unused struct arena *arena)
{
	struct netlink_batch batch = { .n = 0 };
	int r;

	for (size_t i = 0; i < 3; i++)
		netlink_batch_add(&batch, message());
	r = netlink_batch_send(&kernel->host, &batch);
	fuzz_check(r <= 0);
	for (size_t i = 0; i < batch.n; i++)
		fuzz_check(batch.errors[i] <= 0 && (r < 0 || batch.errors[i] == 0));
	fuzz_check(memchr(kernel->host.words, 0, sizeof(kernel->host.words)));
	netlink_batch_done(&batch);
	/* Nothing is to be sent, or there was no memory for it. */
	fuzz_check(netlink_batch_send(&kernel->host, &batch) == 0);
	netlink_batch_add(&batch, NULL);
	fuzz_check(netlink_batch_send(&kernel->host, &batch) == -ENOMEM);
}

static void transact(struct kernel *kernel, unused struct arena *arena)
{
	struct netlink_batch batch = { .n = 0 };

	for (size_t i = 0; i < 2; i++)
		netlink_batch_add(&batch, message());
	fuzz_check(netlink_transact(&kernel->host, &batch) <= 0);
	fuzz_check(memchr(kernel->host.words, 0, sizeof(kernel->host.words)));
	netlink_batch_done(&batch);
	(void)netlink_send(&kernel->host, message());
	netlink_batch_add(&batch, NULL);
	fuzz_check(netlink_transact(&kernel->host, &batch) == -ENOMEM);
}

static int on_none(unused struct nlmsghdr *header, unused void *userdata)
{
	fuzz_check(false);
	return 0;
}

static void get(struct kernel *kernel, unused struct arena *arena)
{
	autofree struct nlmsghdr *header = NULL;

	if (netlink_get(&kernel->host, message(), &header) == 0)
		fuzz_check(header->nlmsg_seq == kernel->host.sequence);
	fuzz_check(netlink_index(&kernel->host, "eth0") == 2);
	fuzz_check(netlink_index(&kernel->host, "eth1") == -ENODEV);
	fuzz_check(netlink_index(&kernel->host, "sixteen-and-more") == -ENODEV);
	fuzz_check(netlink_mtu(&kernel->host, "sixteen-and-more") == -ENODEV);
	fuzz_check(netlink_get(&kernel->host, NULL, &header) == -ENOMEM);
	fuzz_check(netlink_dump(&kernel->host, NULL, on_none, NULL) == -ENOMEM);
}

static void list_routes(struct kernel *kernel, struct arena *arena)
{
	struct snapshot_routes routes = { 0 };

	if (kernel_look_routes(kernel, arena, &routes) < 0)
		return;
	for (size_t i = 0; i < routes.n; i++)
		check_address(&routes.items[i].prefix.address);
}

static void check_rule(const struct ruleset_rule *rule)
{
	fuzz_check(rule->in.n <= sizeof(rule->in.name) && rule->out.n <= sizeof(rule->out.name));
	fuzz_check(rule->in.is_set == (rule->in.n > 0) && rule->out.is_set == (rule->out.n > 0));
	fuzz_check(rule->family == 0 || rule->family == AF_INET || rule->family == AF_INET6);
	fuzz_check((rule->verdict == RULESET_JUMP || rule->verdict == RULESET_GOTO) ==
		   (rule->target != NULL));
}

/* What is listed is what was counted, but for a rule that was one too many. */
static void check_ruleset(const struct ruleset *ruleset)
{
	size_t n_chains = 0, n_rules = 0;

	for (const struct ruleset_chain *chain = ruleset->chains; chain; chain = chain->next) {
		fuzz_check(chain->family < RULESET_FAMILIES && chain->hook < RULESET_HOOKS);
		fuzz_check(chain->family < RULESET_INET || !streq(chain->table, NFT_TABLE));
		for (const struct ruleset_rule *rule = chain->first; rule; rule = rule->next) {
			check_rule(rule);
			n_rules++;
		}
		n_chains++;
	}
	fuzz_check(n_chains == ruleset->n_chains);
	fuzz_check(n_rules == ruleset->n_rules ||
		   (ruleset->is_cut && n_rules == ruleset->n_rules - 1));
}

static void read_foreign(struct kernel *kernel, struct arena *arena)
{
	static const struct ruleset_way ways[] = {
		{ RULESET_FORWARD, AF_INET, "eth0", "eth1", 2, 3, false },
		{ RULESET_FORWARD, AF_INET6, "eth0", NULL, 2, 0, true },
		{ RULESET_PREROUTING, AF_UNSPEC, "eth0", NULL, 0, 0, false },
	};
	struct ruleset ruleset;
	struct ruleset_end end;

	if (foreign_read(kernel, arena, &ruleset) < 0)
		return;
	check_ruleset(&ruleset);
	for (const struct ruleset_chain *chain = ruleset.chains; chain; chain = chain->next)
		for (size_t i = 0; i < lengthof(ways); i++)
			if (ruleset_ends(&ruleset, chain, &ways[i], &end))
				fuzz_check(end.base == chain && end.chain &&
					   (end.rule || chain->drops));
}

/* More than is looked at. */
static void read_foreign_many(struct kernel *kernel, struct arena *arena)
{
	struct ruleset ruleset;

	fake_netlink_allow_repeats();
	if (foreign_read(kernel, arena, &ruleset) == 0)
		check_ruleset(&ruleset);
}

static void find_way(struct kernel *kernel, unused struct arena *arena)
{
	static const char *const addresses[] = { "192.0.2.1", "2001:db8::1" };

	for (size_t i = 0; i < lengthof(addresses); i++) {
		struct address address;
		int interface = -1, r;

		fuzz_check(address_parse(addresses[i], &address));
		r = kernel_look_way(kernel, &address, &interface);
		fuzz_check(r == 0 || (r < 0 && interface == -1));
	}
}

/* On a kernel without IPv6 and nf_tables. */
static void lack(struct kernel *kernel, struct arena *arena)
{
	struct nsnet_interface_list interfaces;
	struct nsnet_route_list routes;
	struct step step = { .type = STEP_FLOWS_DELETE };
	struct address host;
	struct ruleset ruleset;
	int fd;

	kernel->has_ipv6 = kernel->has_guards = false;
	list_prefixes(kernel, arena);
	list_uplinks(kernel, arena);
	inspect(kernel, arena);
	fuzz_check(address_parse("192.0.2.1", &host));
	fuzz_check(kernel_is_listening(kernel, NSNET_PROTOCOL_TCP, &host, 0x5050) <= 1);
	fuzz_check(address_parse("2001:db8::1", &host));
	fuzz_check(kernel_is_listening(kernel, NSNET_PROTOCOL_TCP, &host, 0x5050) <= 0);
	fuzz_check(foreign_read(kernel, arena, &ruleset) == 0);
	fuzz_check(!ruleset.chains && !ruleset.is_cut);
	fuzz_check(flows_delete(kernel, &step, 1) == 0);
	fuzz_check(nft_watch(kernel, &fd) == -EOPNOTSUPP && !nft_was_changed(kernel));
	fuzz_check(nft_watch_others(kernel) == 0);
	fuzz_check(kernel_inspect(kernel, "ns1", arena, &interfaces, &routes) == -ENOENT);
}

static void (*const readers[])(struct kernel *kernel, struct arena *arena) = {
	send_batch,
	transact,
	get,
	list_prefixes,
	list_uplinks,
	inspect,
	find_listener,
	end_flows,
	list_links,
	find_link,
	find_bypass,
	list_ports,
	watch,
	read_events,
	list_routes,
	read_foreign,
	find_way,
	read_events_forced,
	read_events_full,
	read_foreign_many,
	lack,
	inspect_many,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel kernel = {
		.has_guards = true,
		.are_guards_ready = true,
		.has_ipv6 = true,
		.nft_events = -EBADF,
		.nft_process = 7,
		.events = 1000,
		.link_events = 1000,
		.name_events = -EBADF,
		.mounts_waited = -EBADF,
		.mounts_asked = -EBADF,
	};

	if (proc < 0)
		begin();
	if (n == 0)
		return 0;
	kernel.proc = kernel.sysctl = proc;
	fake_netlink_begin(NULL, 0);
	fuzz_check(netlink_open(&kernel.host) == 0);
	fuzz_check(netlink_open_netfilter(&kernel.netfilter) == 0);
	fake_netlink_begin(data + 1, n - 1);
	readers[data[0] % lengthof(readers)](&kernel, &arena);
	free(kernel.uplinks);
	return 0;
}
