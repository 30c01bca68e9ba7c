/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor - what a namespace costs where nothing but the kernel has a part in it: what others are measured by
 *
 *	floor bridge|both|routed|owned|naive
 *
 * Reads commands on standard input and answers each with a line of JSON (lap.h).
 *
 *	create N	makes N more
 *	drop N		gives up the N oldest: their names are gone, the kernel takes the links away in its own time
 *	group N		takes the links of the N oldest away, up to 100 with one message
 *	link N		takes them away one by one, as ip(8) does
 *	churn N		N times: drop one, create one; "us" are those of create alone
 *	churnlink N	N times: link one, create one
 *	gone		waits until no link is left of any that was given up
 *
 * The best way known: the namespace by unshare(2) and setns(2) back in the one thread; all messages to the host in one sendmsg(2), all
 * inside in another; veths with one queue, the other end made straight inside, under indexes that we choose; no IPv6 on the host's end, no
 * multicast flood, a bridge whose address is fixed and whose carrier a port of its own keeps up. One RTM_GETLINK at the end
 * lets the first packet pass.
 *
 * bridge: IPv4 at a bridge; both: IPv6 inside as well, ports isolated; routed: a /32 and no bridge; owned: as bridge, the
 * namespace belonging to a user namespace of somebody else's; naive: as bridge with what ip(8) does by default.
 *
 * It goes to a network and mount namespace of its own first. Whatever fails ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lap.h"
#include "train.h"

#define NAMESPACES_MAX 65536
#define DYING          4711
#define GROUP_MAX      100
#define INDEX_BRIDGE   10
#define INDEX_FIRST    100
#define INDEX_INSIDE   2
#define NETWORK        0x0a5a0000U /* 10.90.0.0/16 */
#define OWNER          23456

static bool is_both, is_routed, is_owned, is_naive;
static int home, user_namespace = -1, host;
static unsigned n_made, n_given_up, n_gone;
static int namespaces[NAMESPACES_MAX];

/* With ip's defaults each message goes by itself. */
static void done_one(int fd)
{
	if (is_naive)
		train_send(fd);
}

static void link_message(uint16_t flags, int index, unsigned up)
{
	struct ifinfomsg header = { .ifi_index = index, .ifi_flags = up, .ifi_change = up };

	train_message(RTM_NEWLINK, flags, &header, sizeof(header));
}

static void one_queue(void)
{
	if (is_naive)
		return;
	train_attribute_u32(IFLA_NUM_TX_QUEUES, 1);
	train_attribute_u32(IFLA_NUM_RX_QUEUES, 1);
}

/* fd: of the namespace of the other end, or -1 */
static void add_veth(int index, const char *name, int other, const char *other_name, int fd)
{
	static const uint8_t mac[6] = { 0x02, 0x5a, 0, 0, 0, 1 };
	struct ifinfomsg header = { .ifi_index = other };
	struct rtattr *info, *data, *peer;

	link_message(NLM_F_CREATE | NLM_F_EXCL, index, 0);
	train_attribute_text(IFLA_IFNAME, name);
	one_queue();
	if (is_routed)
		train_attribute(IFLA_ADDRESS, mac, sizeof(mac));
	info = train_nest(IFLA_LINKINFO);
	train_attribute_text(IFLA_INFO_KIND, "veth");
	data = train_nest(IFLA_INFO_DATA);
	peer = train_nest(VETH_INFO_PEER);
	memcpy(train_put(sizeof(header)), &header, sizeof(header));
	train_attribute_text(IFLA_IFNAME, other_name);
	one_queue();
	if (fd >= 0)
		train_attribute_u32(IFLA_NET_NS_FD, (uint32_t)fd);
	train_end(peer);
	train_end(data);
	train_end(info);
}

/* No address of the kernel's own: neither is one looked for nor is it told. */
static void no_addresses(int index)
{
	struct rtattr *families, *family;

	if (is_naive)
		return;
	link_message(0, index, 0);
	families = train_nest(IFLA_AF_SPEC);
	family = train_nest(AF_INET6);
	train_attribute_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	train_end(family);
	train_end(families);
}

static void port(int index)
{
	struct ifinfomsg header = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	struct rtattr *flags;

	if (is_naive)
		return;
	train_message(RTM_SETLINK, 0, &header, sizeof(header));
	flags = train_nest(IFLA_PROTINFO);
	train_attribute_u8(IFLA_BRPORT_MCAST_FLOOD, 0);
	if (is_both)
		train_attribute_u8(IFLA_BRPORT_ISOLATED, 1);
	train_end(flags);
}

static void address(int index, unsigned host_number, uint8_t length)
{
	struct ifaddrmsg header = { AF_INET, length, 0, RT_SCOPE_UNIVERSE, (uint32_t)index };
	uint32_t a = htonl(NETWORK + host_number);

	train_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	train_attribute(IFA_LOCAL, &a, sizeof(a));
	train_attribute(IFA_ADDRESS, &a, sizeof(a));
}

/* fe80:: and fd5a:: with that number. */
static void addresses6(int index, unsigned host_number)
{
	for (int i = 0; i < 2; i++) {
		struct ifaddrmsg header = { AF_INET6, 64, IFA_F_NODAD,
			i == 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, (uint32_t)index };
		uint8_t a[16] = { i == 0 ? 0xfe : 0xfd, i == 0 ? 0x80 : 0x5a };

		a[14] = (uint8_t)(host_number >> 8);
		a[15] = (uint8_t)host_number;
		train_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
		train_attribute(IFA_LOCAL, a, sizeof(a));
		train_attribute(IFA_ADDRESS, a, sizeof(a));
	}
}

/* To a single address (0: to all), by the gateway or straight. */
static void route(int index, unsigned host_number, bool by_gateway)
{
	struct rtmsg header = {
		.rtm_family = AF_INET,
		.rtm_dst_len = host_number ? 32 : 0,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = by_gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	uint32_t to = htonl(NETWORK + host_number), gateway = htonl(NETWORK + 1);

	train_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	if (host_number)
		train_attribute(RTA_DST, &to, sizeof(to));
	if (by_gateway)
		train_attribute(RTA_GATEWAY, &gateway, sizeof(gateway));
	train_attribute_u32(RTA_OIF, (uint32_t)index);
}

static void route6(int index)
{
	struct rtmsg header = { .rtm_family = AF_INET6,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_UNICAST };
	uint8_t gateway[16] = { 0xfd, 0x5a, [15] = 1 };

	train_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	train_attribute(RTA_GATEWAY, gateway, sizeof(gateway));
	train_attribute_u32(RTA_OIF, (uint32_t)index);
}

/* The gateway's hardware address, so that nobody needs to ask for it. */
static void neighbour(int index)
{
	static const uint8_t mac[6] = { 0x02, 0x5a, 0, 0, 0, 1 };
	struct ndmsg header = {
		.ndm_family = AF_INET, .ndm_ifindex = index, .ndm_state = NUD_PERMANENT
	};
	uint32_t gateway = htonl(NETWORK + 1);

	train_message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
	train_attribute(NDA_DST, &gateway, sizeof(gateway));
	train_attribute(NDA_LLADDR, mac, sizeof(mac));
}

static int netlink(void)
{
	return lap_must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket");
}

static void write_text(const char *path, const char *text)
{
	int fd = lap_must(open(path, O_WRONLY | O_CLOEXEC), path);

	lap_must((int)write(fd, text, strlen(text)), path);
	close(fd);
}

/* The user namespace that owns all, kept by a descriptor. */
static void make_user_namespace(void)
{
	int pipes[2][2], status;
	char path[64], byte;
	pid_t pid;

	lap_must(pipe(pipes[0]), "pipe");
	lap_must(pipe(pipes[1]), "pipe");
	pid = lap_must(fork(), "fork");
	if (pid == 0) {
		lap_must(setgroups(0, NULL), "setgroups");
		lap_must(setresgid(OWNER, OWNER, OWNER), "setresgid");
		lap_must(setresuid(OWNER, OWNER, OWNER), "setresuid");
		lap_must(unshare(CLONE_NEWUSER), "unshare(CLONE_NEWUSER)");
		lap_must((int)write(pipes[0][1], "", 1), "write");
		lap_must((int)read(pipes[1][0], &byte, 1), "read");
		_exit(0);
	}
	lap_must((int)read(pipes[0][0], &byte, 1), "read");
	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	write_text(path, "deny");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	write_text(path, "0 23456 1");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	write_text(path, "0 23456 1");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	user_namespace = lap_must(open(path, O_RDONLY | O_CLOEXEC), path);
	lap_must((int)write(pipes[1][1], "", 1), "write");
	lap_must(waitpid(pid, &status, 0), "waitpid");
}

static int made_by_child;

/* It has our memory and our descriptors, and is the only one of us who runs. */
static int as_child(void *unused)
{
	(void)unused;
	if (setns(user_namespace, CLONE_NEWUSER) == 0 && unshare(CLONE_NEWNET) == 0)
		made_by_child = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	_exit(0);
}

/* Its descriptor, and a socket inside. */
static int make_namespace(int *ret_inside)
{
	static _Alignas(16) char stack[16384];
	int fd;

	if (is_owned) {
		pid_t pid;

		made_by_child = -1;
		pid = lap_must(clone(as_child, stack + sizeof(stack),
				       CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, NULL),
			"clone");
		lap_must(waitpid(pid, NULL, 0), "waitpid");
		fd = lap_must(made_by_child, "a namespace of the user's");
		lap_must(setns(fd, CLONE_NEWNET), "setns");
	} else {
		lap_must(unshare(CLONE_NEWNET), "unshare(CLONE_NEWNET)");
		fd = lap_must(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
			"/proc/thread-self/ns/net");
	}
	*ret_inside = netlink();
	lap_must(setns(home, CLONE_NEWNET), "setns");
	return fd;
}

static void name_of(char path[64], unsigned number)
{
	snprintf(path, 64, "/run/netns/f%u", number);
}

static void create(void)
{
	unsigned number = n_made;
	int index = INDEX_FIRST + (int)number, inside, fd;
	struct ifinfomsg query = { .ifi_index = index };
	/* The first is the gateway's. */
	unsigned host_number = 2 + number % 65000;
	char path[64], source[64], name[32];

	fd = make_namespace(&inside);
	name_of(path, number);
	close(lap_must(open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444), path));
	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	lap_must(mount(source, path, NULL, MS_BIND, NULL), "mount");

	snprintf(name, sizeof(name), "f%u", number);
	add_veth(index, name, INDEX_INSIDE, "eth0", fd);
	done_one(host);
	no_addresses(index);
	link_message(0, index, IFF_UP);
	if (is_routed)
		route(index, host_number, false);
	else
		train_attribute_u32(IFLA_MASTER, INDEX_BRIDGE);
	done_one(host);
	if (!is_routed)
		port(index);
	if (train_is_loaded())
		train_send(host);

	link_message(0, 1, IFF_UP);
	done_one(inside);
	no_addresses(INDEX_INSIDE);
	link_message(0, INDEX_INSIDE, IFF_UP);
	done_one(inside);
	address(INDEX_INSIDE, host_number, is_routed ? 32 : 16);
	done_one(inside);
	if (is_routed) {
		route(INDEX_INSIDE, 1, false);
		neighbour(INDEX_INSIDE);
	}
	route(INDEX_INSIDE, 0, true);
	if (is_both) {
		addresses6(INDEX_INSIDE, host_number);
		route6(INDEX_INSIDE);
	}
	train_send(inside);
	close(inside);

	train_message(RTM_GETLINK, 0, &query, sizeof(query));
	train_attribute_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	train_send(host);
	namespaces[n_made++] = fd;
}

static void drop(void)
{
	char path[64];

	name_of(path, n_given_up);
	lap_must(umount2(path, MNT_DETACH), "umount");
	lap_must(unlink(path), path);
	close(namespaces[n_given_up++]);
}

static void delete_link(void)
{
	struct ifinfomsg header = { .ifi_index = INDEX_FIRST + (int)n_given_up };

	train_message(RTM_DELLINK, 0, &header, sizeof(header));
	train_send(host);
	drop();
}

static void delete_group(unsigned n)
{
	struct ifinfomsg header = { 0 };

	for (unsigned i = 0; i < n; i++) {
		link_message(0, INDEX_FIRST + (int)(n_given_up + i), 0);
		train_attribute_u32(IFLA_GROUP, DYING);
	}
	train_message(RTM_DELLINK, 0, &header, sizeof(header));
	train_attribute_u32(IFLA_GROUP, DYING);
	train_send(host);
	for (unsigned i = 0; i < n; i++)
		drop();
}

/* By a question that needs no lock of the kernel's. */
static void wait_gone(void)
{
	static const struct timespec pause = { .tv_nsec = 200 * 1000 };

	while (n_gone < n_given_up) {
		struct ifreq question = { .ifr_ifindex = INDEX_FIRST + (int)n_gone };

		if (ioctl(host, SIOCGIFNAME, &question) == 0)
			nanosleep(&pause, NULL);
		else if (errno == ENODEV)
			n_gone++;
		else
			lap_must(-1, "SIOCGIFNAME");
	}
}

static void repeat(void (*what)(void), void (*before)(void), unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		double start;

		if (before)
			before();
		start = lap_now();
		what();
		lap_add(lap_now() - start);
	}
}

/* Whether there is such a command. */
static bool run(const char *command, unsigned n)
{
	unsigned alive = n_made - n_given_up;
	bool makes = strcmp(command, "create") == 0 || strncmp(command, "churn", 5) == 0;

	if (makes ? n > NAMESPACES_MAX - n_made : n > alive)
		return false;
	lap_start();
	if (strcmp(command, "create") == 0)
		repeat(create, NULL, n);
	else if (strcmp(command, "churn") == 0 && alive > 0)
		repeat(create, drop, n);
	else if (strcmp(command, "churnlink") == 0 && alive > 0)
		repeat(create, delete_link, n);
	else if (strcmp(command, "drop") == 0)
		repeat(drop, NULL, n);
	else if (strcmp(command, "link") == 0)
		repeat(delete_link, NULL, n);
	else if (strcmp(command, "group") == 0)
		for (unsigned left = n; left > 0; left -= left < GROUP_MAX ? left : GROUP_MAX)
			delete_group(left < GROUP_MAX ? left : GROUP_MAX);
	else if (strcmp(command, "gone") == 0)
		wait_gone();
	else
		return false;
	lap_report();
	return true;
}

static void enter_sandbox(void)
{
	struct rlimit limit;

	lap_must(unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare: this needs root");
	lap_must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount --make-rprivate /");
	/* A copy of others' mounts would keep their namespaces. */
	(void)umount2("/run/netns", MNT_DETACH);
	lap_must(mount("floor", "/run", "tmpfs", 0, "mode=0755"), "mount /run");
	lap_must(mkdir("/run/netns", 0755), "/run/netns");
	lap_must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	lap_must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	home = lap_must(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "/proc/self/ns/net");
	host = netlink();
}

static void make_network(void)
{
	static const uint8_t mac[6] = { 0x02, 0x5a, 0, 0, 0, 2 };
	struct rtattr *info, *data;

	link_message(0, 1, IFF_UP);
	if (is_routed) {
		address(1, 1, 32);
		train_send(host);
		return;
	}
	link_message(NLM_F_CREATE | NLM_F_EXCL, INDEX_BRIDGE, 0);
	train_attribute_text(IFLA_IFNAME, "floor");
	if (!is_naive)
		train_attribute(IFLA_ADDRESS, mac, sizeof(mac));
	info = train_nest(IFLA_LINKINFO);
	train_attribute_text(IFLA_INFO_KIND, "bridge");
	if (!is_naive && !is_both) {
		data = train_nest(IFLA_INFO_DATA);
		train_attribute_u8(IFLA_BR_MCAST_SNOOPING, 0);
		train_end(data);
	}
	train_end(info);
	link_message(0, INDEX_BRIDGE, IFF_UP);
	address(INDEX_BRIDGE, 1, 16);
	train_send(host);
	if (is_both) {
		addresses6(INDEX_BRIDGE, 1);
		train_send(host);
	}
	if (is_naive)
		return;
	add_veth(INDEX_BRIDGE + 1, "anchor", INDEX_BRIDGE + 2, "anchored", -1);
	no_addresses(INDEX_BRIDGE + 1);
	no_addresses(INDEX_BRIDGE + 2);
	link_message(0, INDEX_BRIDGE + 2, IFF_UP);
	link_message(0, INDEX_BRIDGE + 1, IFF_UP);
	train_attribute_u32(IFLA_MASTER, INDEX_BRIDGE);
	train_send(host);
}

int main(int argc, char **argv)
{
	const char *variant = argc == 2 ? argv[1] : "";
	char line[64], command[16];
	unsigned n;

	is_both = strcmp(variant, "both") == 0;
	is_routed = strcmp(variant, "routed") == 0;
	is_owned = strcmp(variant, "owned") == 0;
	is_naive = strcmp(variant, "naive") == 0;
	if (!is_both && !is_routed && !is_owned && !is_naive && strcmp(variant, "bridge") != 0) {
		fprintf(stderr,
			"Usage: floor bridge|both|routed|owned|naive\n"
			"Commands on standard input: create N, drop N, group N, link N, churn N, churnlink N, gone\n");
		return 2;
	}
	enter_sandbox();
	if (is_owned)
		make_user_namespace();
	make_network();
	while (fgets(line, sizeof(line), stdin)) {
		n = 0;
		if (sscanf(line, "%15s %u", command, &n) < 1 || !run(command, n)) {
			fprintf(stderr, "floor: cannot do: %s", line);
			return 2;
		}
	}
	return 0;
}
