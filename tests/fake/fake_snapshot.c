/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_snapshot - what the fake kernel floor tells at start-up
 *
 * It is read from the same things as all else; what a thing's line does not say was noted as it was made. A link without a note
 * was planted, and is somebody else's.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#include "fake_state.h"

static struct fake_note *find_note(struct kernel *kernel, const char *thing)
{
	for (size_t i = 0; i < kernel->n_notes; i++)
		if (streq(kernel->notes[i].thing, thing))
			return &kernel->notes[i];
	return NULL;
}

static const char *text_of(const struct step *step, struct arena *arena)
{
	if (step->type == STEP_RECORD_WRITE || step->type == STEP_WISH_WRITE)
		return codec_encode(step->record.type, step->record.data, arena);
	if (step->type == STEP_BRIDGE_ADD)
		return arena_strdup(arena, step->bridge.alias);
	if (step->type == STEP_VETH_ADD || step->type == STEP_LINK_LABEL)
		return arena_strdup(arena, step->veth.alias);
	if (step->type == STEP_POINT_ADD)
		return arena_strdup(arena, step->point.alias);
	if (step->type == STEP_ROUTE_ADD && address_is_set(&step->route.gateway))
		return address_format(&step->route.gateway, arena_alloc(arena, ADDRESS_TEXT_MAX));
	if (step->type == STEP_NETNS_ADD)
		return arena_printf(arena, "%" PRId64 " %" PRId64, *step->facts.ret_inode,
			*step->facts.ret_cookie);
	return NULL;
}

static void note_text(struct kernel *kernel, const char *thing, const char *text)
{
	struct fake_note *note = find_note(kernel, thing);

	if (!note) {
		if (kernel->n_notes == NOTES_MAX)
			abort();
		note = &kernel->notes[kernel->n_notes++];
		note->thing = arena_strdup(&kernel->arena, thing);
	}
	note->text = text;
}

void fake_note_step(struct kernel *kernel, const struct step *step, const char *thing)
{
	const char *text = text_of(step, &kernel->arena);

	if (text)
		note_text(kernel, thing, text);
}

void fake_rename_note(struct kernel *kernel, const char *thing, const char *to)
{
	const struct fake_note *note = find_note(kernel, thing);

	if (note && !streq(thing, to))
		note_text(kernel, to, note->text);
}

void fake_write(struct kernel *kernel, const char *thing, const char *text)
{
	if (!fake_has(kernel, thing))
		fake_plant(kernel, thing);
	note_text(kernel, thing, arena_strdup(&kernel->arena, text));
}

const char *fake_read(struct kernel *kernel, const char *thing)
{
	const struct fake_note *note = fake_has(kernel, thing) ? find_note(kernel, thing) : NULL;

	return note ? note->text : NULL;
}

void fake_end(struct kernel *kernel)
{
	for (size_t i = kernel->n_things; i-- > 0;) {
		const char *name = i < kernel->n_things ? after(kernel->things[i], "netns ") : NULL;

		if (name && !fake_has(kernel, arena_printf(&kernel->arena, "pin %s", name)))
			fake_drop_namespace(kernel, name);
	}
}

static void tell_record(struct kernel *kernel, const char *thing, const char *kind,
	struct snapshot_record *records, size_t *n)
{
	const char *name = after(thing, kind);
	const struct fake_note *note = name ? find_note(kernel, thing) : NULL;

	if (note)
		records[(*n)++] = (struct snapshot_record){
			.name = name, .text = note->text, .n = strlen(note->text)
		};
}

static void tell_records(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	size_t size = sizeof(struct snapshot_record);

	ret->namespaces = arena_array(arena, kernel->n_things, size);
	ret->networks = arena_array(arena, kernel->n_things, size);
	ret->namespace_changes = arena_array(arena, kernel->n_things, size);
	ret->network_changes = arena_array(arena, kernel->n_things, size);
	ret->namespace_wishes = arena_array(arena, kernel->n_things, size);
	ret->network_wishes = arena_array(arena, kernel->n_things, size);
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *thing = kernel->things[i];

		tell_record(
			kernel, thing, "record namespaces/", ret->namespaces, &ret->n_namespaces);
		tell_record(kernel, thing, "record networks/", ret->networks, &ret->n_networks);
		tell_record(kernel, thing, "record namespace-changes/", ret->namespace_changes,
			&ret->n_namespace_changes);
		tell_record(kernel, thing, "record network-changes/", ret->network_changes,
			&ret->n_network_changes);
		tell_record(kernel, thing, "wish namespaces/", ret->namespace_wishes,
			&ret->n_namespace_wishes);
		tell_record(kernel, thing, "wish networks/", ret->network_wishes,
			&ret->n_network_wishes);
	}
}

static void tell_links(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	ret->links = arena_array(arena, kernel->n_things, sizeof(*ret->links));
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *name = after(kernel->things[i], "link ");
		const struct fake_note *note = name ? find_note(kernel, kernel->things[i]) : NULL;

		if (note && kernel_look_link(kernel, name, &ret->links[ret->n_links]) == 0)
			ret->links[ret->n_links++].alias = note->text;
	}
}

/* The name of a record's namespace, where there is one; one that is foreign has other numbers. */
int kernel_look_netns(
	struct kernel *kernel, const char *name, unused int64_t cookie, struct snapshot_netns *ret)
{
	const char *thing = arena_printf(&kernel->arena, "netns %s", name);
	const struct fake_note *note = find_note(kernel, thing);

	*ret = (struct snapshot_netns){ .name = name };
	if (fake_has(kernel, arena_printf(&kernel->arena, "bare %s", name)))
		ret->is_dead = true;
	else if (!fake_has(kernel, arena_printf(&kernel->arena, "pin %s", name)))
		return fake_has(kernel, arena_printf(&kernel->arena, "foreign %s", name));
	else if (note && fake_has(kernel, thing) &&
		 sscanf(note->text, "%" SCNd64 " %" SCNd64, &ret->inode, &ret->cookie) != 2)
		abort();
	return true;
}

static bool read_port(const char *text, struct snapshot_port *ret)
{
	char protocol[8], host[ADDRESS_TEXT_MAX], target[ADDRESS_TEXT_MAX];

	if (sscanf(text, "%7s %45s %hu %45s %hu", protocol, host, &ret->host_port, target,
		    &ret->namespace_port) != 5)
		return false;
	ret->protocol = streq(protocol, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	return address_parse(host, &ret->host) && address_parse(target, &ret->target);
}

static void tell_ports(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	ret->ports = arena_array(arena, kernel->n_things, sizeof(*ret->ports));
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *text = after(kernel->things[i], "port ");

		if (text && read_port(text, &ret->ports[ret->n_ports]))
			ret->n_ports++;
	}
}

int kernel_snapshot(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	*ret = (struct snapshot){ 0 };
	tell_records(kernel, arena, ret);
	return 0;
}

int kernel_snapshot_links(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	tell_links(kernel, arena, ret);
	tell_ports(kernel, arena, ret);
	return 0;
}

/* All were told with what they say. */
int kernel_read_record(unused struct kernel *kernel, unused enum record_kind kind,
	unused struct arena *arena, unused struct snapshot_record *record)
{
	return 0;
}

/* Names keep no places here: they are given in order. */
int kernel_match_hosts(
	struct kernel *kernel, const char *network, const struct kernel_places *places)
{
	const char *file = arena_printf(&kernel->arena, "hosts %s", network);
	const char *beginning = arena_printf(&kernel->arena, "hosts %s ", network);

	for (size_t i = kernel->n_things; i-- > 0;)
		if (after(kernel->things[i], beginning))
			fake_remove(kernel, kernel->things[i]);
	if (!fake_has(kernel, file))
		fake_plant(kernel, file);
	for (unsigned i = 0; i < places->n; i++) {
		places->items[i].slot = i;
		fake_plant(kernel, arena_printf(&kernel->arena, "hosts %s %u", network, i));
	}
	return 0;
}
