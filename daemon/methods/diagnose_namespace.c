/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose_namespace - what is looked at of one namespace: its interfaces, addresses and routes, the host ends, its ports
 *
 * What its owner changed inside is his affair, and yet a reason why nothing gets through.
 */
/* Before the kernel's. */
#include <netinet/in.h>

#include "diagnose.h"
#include "repair.h"

static const struct nsnet_interface *find_inside(const struct diagnose *diagnose, const char *name)
{
	for (size_t i = 0; i < diagnose->interfaces.n; i++)
		if (streq(diagnose->interfaces.items[i].name, name))
			return &diagnose->interfaces.items[i];
	return NULL;
}

static bool is_set_down(const struct nsnet_interface *interface)
{
	return streq(interface->operational_state, "down");
}

/* "nsnetctl exec NAME COMMAND" */
static const char *inside(struct diagnose *diagnose, const char *command)
{
	return diagnose_text(diagnose, "nsnetctl exec %s %s", diagnose->ns->name, command);
}

static bool has_addresses(const struct attachment *attachment)
{
	return address_is_set(&attachment->addresses[0]) ||
	       address_is_set(&attachment->addresses[1]);
}

/* Interfaces and addresses: */

static void look_at_address(struct diagnose *diagnose, const struct attachment *attachment,
	const struct nsnet_interface *interface, size_t family)
{
	const struct prefix address = { attachment->addresses[family],
		attachment->is_routed ? address_bits(&attachment->addresses[family])
				      : attachment->network->subnets[family].prefix.length };
	char text[PREFIX_TEXT_MAX];

	if (!address_is_set(&address.address) ||
		string_list_has(&interface->addresses, prefix_format(&address, text)))
		return;
	diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, interface->name,
		inside(diagnose,
			diagnose_text(diagnose, "ip address add %s dev %s", text, interface->name)),
		"its address %s is gone", text);
}

static void look_at_interface(struct diagnose *diagnose, const struct attachment *attachment)
{
	const struct nsnet_interface *interface = find_inside(diagnose, attachment->interface);

	if (!interface) {
		/* The daemon makes both ends anew where its own goes. */
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, attachment->interface,
			diagnose_text(diagnose, "ip link delete %s", attachment->host_interface),
			"it is not inside any more");
		return;
	}
	if (is_set_down(interface)) {
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, interface->name,
			inside(diagnose,
				diagnose_text(diagnose, "ip link set %s up", interface->name)),
			"it is set down");
		return;
	}
	for (size_t i = 0; i < FAMILIES; i++)
		look_at_address(diagnose, attachment, interface, i);
}

static bool look_interfaces(struct diagnose *diagnose)
{
	int r = kernel_inspect(diagnose->context->kernel, diagnose->ns->name, &diagnose->turn,
		&diagnose->interfaces, &diagnose->inside);

	if (r < 0) {
		diagnose->interfaces = (struct nsnet_interface_list){ 0 };
		diagnose->inside = (struct nsnet_route_list){ 0 };
		if (r == -E2BIG)
			diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, "inside", NULL,
				"it has more interfaces, addresses or routes than are looked at");
		else
			diagnose_fail(diagnose, "inside", r);
		return true;
	}
	for (size_t i = 0; i < diagnose->ns->n_attachments; i++)
		look_at_interface(diagnose, &diagnose->ns->attachments[i]);
	if (diagnose->ns->n_attachments > 0)
		return true;
	diagnose_tell(diagnose, NSNET_SEVERITY_OK, "interfaces", NULL,
		"it is attached to nothing, as declared");
	return false;
}

/* Routes: */

static bool has_route(const struct diagnose *diagnose, const char *destination, const char *gateway)
{
	for (size_t i = 0; i < diagnose->inside.n; i++) {
		const struct nsnet_route *route = &diagnose->inside.items[i];

		if (streq(route->destination, destination) && streq_null(route->gateway, gateway))
			return true;
	}
	return false;
}

static void look_at_route(struct diagnose *diagnose, const struct route *route)
{
	const struct nsnet_interface *interface =
		route->interface ? find_inside(diagnose, route->interface) : NULL;
	char prefix[PREFIX_TEXT_MAX], gateway[ADDRESS_TEXT_MAX] = "";
	bool has_gateway = address_is_set(&route->gateway);
	int family = has_gateway ? route->gateway.family : route->destination.address.family;
	const char *destination = prefix_format(&route->destination, prefix), *command;

	/* Where the interface is gone or down, so is what leads by it. */
	if (!interface || is_set_down(interface))
		return;
	if (route->destination.length == 0 && (has_gateway || family == AF_INET))
		destination = "default";
	if (has_gateway)
		(void)address_format(&route->gateway, gateway);
	if (has_route(diagnose, destination, has_gateway ? gateway : NULL))
		return;
	command = diagnose_text(diagnose, "ip%s route add %s%s%s dev %s",
		family == AF_INET ? "" : " -6", destination, has_gateway ? " via " : "", gateway,
		interface->name);
	if (route->metric)
		command = diagnose_text(diagnose, "%s metric %u", command, route->metric);
	diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, "routes", inside(diagnose, command),
		"%s%s%s%s is gone",
		streq(destination, "default") ? "the default route" : "that to ",
		streq(destination, "default") ? "" : destination, has_gateway ? " by " : "",
		gateway);
}

static bool look_routes(struct diagnose *diagnose)
{
	/* Nobody has looked inside. */
	if (!diagnose->interfaces.items)
		return false;
	for (size_t i = 0; i < diagnose->ns->n_routes; i++)
		look_at_route(diagnose, &diagnose->ns->routes[i]);
	return diagnose->ns->n_routes > 0;
}

/* On the host: */

static void look_at_port(struct diagnose *diagnose, const struct attachment *attachment,
	const struct snapshot_link *end)
{
	const char *name = attachment->host_interface, *bridge = attachment->network->bridge;
	struct snapshot_link master;

	/* That of a bridge which is gone is told there. */
	if (kernel_look_link(diagnose->context->kernel, bridge, &master) == 0 &&
		end->master != master.index)
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, name,
			diagnose_text(diagnose, "ip link set %s master %s", name, bridge),
			"the host's end of its %s is no port of %s", attachment->interface, bridge);
}

/* One that is no port of a bridge: the host's routes and its group say whose it is. */
static void look_at_point(struct diagnose *diagnose, const struct attachment *attachment,
	const struct snapshot_link *end)
{
	const char *name = attachment->host_interface;
	uint32_t group = network_fence(attachment->network).group;

	if (end->group != group)
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, name,
			diagnose_text(diagnose, "ip link set %s group %u", name, group),
			"the host's end of its %s is not in the network's group",
			attachment->interface);
	for (size_t i = 0; i < FAMILIES && end->is_up; i++) {
		const struct address *address = &attachment->addresses[i];
		char text[ADDRESS_TEXT_MAX];
		int interface, r;

		if (!address_is_set(address))
			continue;
		r = kernel_look_way(diagnose->context->kernel, address, &interface);
		if (r < 0)
			diagnose_fail(diagnose, name, r);
		if (r < 0 || interface == end->index)
			continue;
		(void)address_format(address, text);
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, name,
			diagnose_text(diagnose, "ip route replace %s dev %s", text, name),
			"the host's route to %s does not lead there", text);
	}
}

static void look_at_end(struct diagnose *diagnose, const struct attachment *attachment)
{
	const char *name = attachment->host_interface;
	struct snapshot_link end;
	int r = kernel_look_link(diagnose->context->kernel, name, &end);

	if (r == -ENODEV)
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, name, "systemctl restart nsnetd",
			"the host's end of its %s is gone", attachment->interface);
	else if (r < 0)
		diagnose_fail(diagnose, name, r);
	if (r < 0)
		return;
	if (attachment->is_routed)
		look_at_point(diagnose, attachment, &end);
	else
		look_at_port(diagnose, attachment, &end);
	if (!end.is_up)
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, name,
			diagnose_text(diagnose, "ip link set %s up", name),
			"the host's end of its %s is set down", attachment->interface);
	for (size_t i = 0; attachment->is_routed && i < FAMILIES; i++)
		if (attachment->network->is_forwarding[i] &&
			address_is_set(&attachment->addresses[i]))
			diagnose_forwarding(diagnose, name, i);
}

static bool look_ends(struct diagnose *diagnose)
{
	for (size_t i = 0; i < diagnose->ns->n_attachments; i++)
		look_at_end(diagnose, &diagnose->ns->attachments[i]);
	if (repair_lets_alone(&diagnose->ns->mending))
		diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, "interfaces", NULL,
			"somebody keeps taking away what is put back: let alone for a while");
	return diagnose->ns->n_attachments > 0;
}

/* Interfaces of the host that were moved in. */
static bool look_links(struct diagnose *diagnose)
{
	const struct string_list *links = &diagnose->ns->links;
	const char *name = diagnose->ns->name;

	for (size_t i = 0; i < links->n; i++) {
		struct string_list addresses;
		bool is_on_host;

		if (find_inside(diagnose, links->items[i]))
			continue;
		is_on_host = kernel_find_link(diagnose->context->kernel, links->items[i],
				     &diagnose->turn, &addresses) == 0;
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, links->items[i],
			is_on_host ? diagnose_text(diagnose, "ip link set %s netns %s",
					     links->items[i], name)
				   : diagnose_text(diagnose, "nsnetctl set %s --link -%s", name,
					     links->items[i]),
			"the host's interface is not inside any more%s",
			is_on_host ? "" : ", and not on the host");
	}
	return links->n > 0;
}

/* The firewall: */

static bool has_port(const struct diagnose *diagnose, const struct published *port, size_t family)
{
	const struct diagnosis_firewall *firewall = &diagnose->host.firewall;
	int protocol = port->protocol == NSNET_PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP;

	for (size_t i = 0; i < firewall->n_ports; i++) {
		const struct snapshot_port *other = &firewall->ports[i];

		if (other->protocol == protocol && other->host_port == port->host_port &&
			other->namespace_port == port->namespace_port &&
			address_is_equal(&other->target, &port->targets[family]))
			return true;
	}
	return false;
}

static const char *port_text(
	struct diagnose *diagnose, const struct published *port, unsigned number)
{
	return diagnose_text(diagnose, "port %u/%s", number,
		port->protocol == NSNET_PROTOCOL_TCP ? "tcp" : "udp");
}

static bool look_firewall(struct diagnose *diagnose)
{
	const struct ns *ns = diagnose->ns;
	size_t n = ns->n_ports;

	for (size_t i = 0; i < ns->n_ports; i++)
		for (size_t j = 0; j < FAMILIES; j++)
			if (address_is_set(&ns->ports[i].targets[j]) &&
				!has_port(diagnose, &ns->ports[i], j))
				diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE,
					port_text(diagnose, &ns->ports[i], ns->ports[i].host_port),
					"systemctl restart nsnetd",
					"it does not lead in by %s: it is not in table inet nsnetd",
					j == 0 ? "IPv4" : "IPv6");
	for (size_t i = 0; i < ns->n_attachments; i++) {
		if (!ns->attachments[i].is_guarded)
			continue;
		n++;
		if (!string_list_has(
			    &diagnose->host.firewall.guarded, ns->attachments[i].host_interface))
			diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE,
				ns->attachments[i].interface, "systemctl restart nsnetd",
				"it may send by any address: it is not in table bridge nsnetd");
	}
	return n > 0;
}

static void look_at_listener(struct diagnose *diagnose, const struct published *port)
{
	const struct ns *ns = diagnose->ns;
	bool is_asked = false;

	for (size_t i = 0; i < FAMILIES; i++) {
		int r = 0;

		if (!address_is_set(&port->targets[i]))
			continue;
		is_asked = true;
		r = kernel_is_listening_inside(diagnose->context->kernel, ns->name, port->protocol,
			&port->targets[i], port->namespace_port);
		if (r > 0)
			return;
		if (r < 0) {
			diagnose_fail(diagnose, port_text(diagnose, port, port->namespace_port), r);
			return;
		}
	}
	if (is_asked)
		diagnose_tell(diagnose, NSNET_SEVERITY_WARNING,
			port_text(diagnose, port, port->namespace_port), NULL,
			"port %u of the host leads to it, and no program inside listens there",
			port->host_port);
}

static bool look_listeners(struct diagnose *diagnose)
{
	for (size_t i = 0; i < diagnose->ns->n_ports; i++)
		look_at_listener(diagnose, &diagnose->ns->ports[i]);
	return diagnose->ns->n_ports > 0;
}

/* Names: */

static bool is_loopback(const char *server)
{
	return after(server, "127.") || streq(server, "::1");
}

/* Who enters without "nsnetctl exec" reads the host's resolv.conf, and asks a loopback that is another one inside. */
static bool look_names(struct diagnose *diagnose)
{
	const struct string_list *resolvers = &diagnose->host.resolvers;
	size_t n = 0;

	for (size_t i = 0; i < resolvers->n; i++)
		n += is_loopback(resolvers->items[i]);
	if (!diagnose->ns->resolv_conf && n > 0 && n == resolvers->n)
		diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, "name servers",
			diagnose_text(
				diagnose, "nsnetctl set %s --dns ADDRESS", diagnose->ns->name),
			"it has none of its own, and the host's, %s, is on the host's loopback",
			resolvers->items[0]);
	for (size_t i = 0; i < diagnose->ns->n_attachments; i++)
		if (has_addresses(&diagnose->ns->attachments[i]))
			return true;
	return false;
}

void diagnose_namespace(struct diagnose *diagnose)
{
	static const struct diagnose_row rows[] = {
		{ "interfaces", "there, up, with their addresses", look_interfaces },
		{ "routes", "there", look_routes },
		{ "host ends", "up, and where they belong", look_ends },
		{ "links", "those of the host are inside", look_links },
		{ "firewall", "has its addresses and ports", look_firewall },
		{ "ports", "programs listen there", look_listeners },
		{ "name servers", "not the host's loopback", look_names },
	};

	diagnose_rows(diagnose, rows, lengthof(rows));
}
