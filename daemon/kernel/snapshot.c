/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot - what there is on the host now, read all at once
 */
#include "snapshot.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "file.h"
#include "firewall.h"
#include "identity.h"
#include "kernel.h"
#include "link.h"
#include "log.h"
#include "netns.h"
#include "record.h"
#include "state.h"

struct reading {
	struct arena *arena;
	struct snapshot_link *links;
	size_t n;
};

static int on_link(const struct link_facts *link, void *userdata)
{
	struct reading *reading = userdata;
	struct snapshot_link *to;

	if (strlen(link->name) >= INTERFACE_SIZE)
		return -EBADMSG;
	reading->links =
		arena_grow(reading->arena, reading->links, reading->n, sizeof(*reading->links));
	to = &reading->links[reading->n++];
	*to = (struct snapshot_link){
		.index = link->index,
		.master = link->master,
		.alias = arena_strdup(reading->arena, link->alias),
		.is_up = link->is_up,
		.has_carrier = link->has_carrier,
		.is_forwarding = link->is_forwarding,
		.is_end = link->is_end,
	};
	memcpy(to->name, link->name, strlen(link->name) + 1);
	return 0;
}

int kernel_look_netns(
	struct kernel *kernel, const char *name, int64_t cookie, struct snapshot_netns *ret)
{
	autoclose int fd = openat(
		kernel->names, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs filesystem;
	int r = 0;

	*ret = (struct snapshot_netns){ .name = name };
	if (fd < 0 || fstatfs(fd, &filesystem) < 0)
		r = neg();
	else if (filesystem.f_type != NSFS_MAGIC)
		ret->is_dead = true;
	else
		r = identity_facts(kernel, fd, cookie, &ret->inode, &ret->cookie);
	if (r < 0 && r != -ENOENT)
		log_about(LOG_ERR,
			&(struct log_fields){ .namespace_name = name, .uid = LOG_UID_NONE },
			"cannot look at the namespace %s: %s", name, strerror(-r));
	return r == 0 ? 1 : file_is_verdict(r) ? 0 : r;
}

int kernel_read_record(struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record *record)
{
	return record->is_unread ? record_read(kernel, kind, arena, record) : 0;
}

int kernel_snapshot(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	struct snapshot snapshot = { 0 };
	int r = record_list(
		kernel, RECORD_NETWORK, arena, &snapshot.networks, &snapshot.n_networks);

	if (r == 0)
		r = record_list_names(kernel, RECORD_NAMESPACE, arena, &snapshot.namespaces,
			&snapshot.n_namespaces);
	if (r == 0)
		r = record_list(kernel, RECORD_NETWORK_CHANGE, arena, &snapshot.network_changes,
			&snapshot.n_network_changes);
	if (r == 0)
		r = record_list(kernel, RECORD_NAMESPACE_CHANGE, arena, &snapshot.namespace_changes,
			&snapshot.n_namespace_changes);
	if (r == 0)
		r = record_list_wishes(kernel, RECORD_NETWORK, arena, &snapshot.network_wishes,
			&snapshot.n_network_wishes);
	if (r == 0)
		r = record_list_wishes(kernel, RECORD_NAMESPACE, arena, &snapshot.namespace_wishes,
			&snapshot.n_namespace_wishes);
	if (r == 0)
		*ret = snapshot;
	return r;
}

int kernel_snapshot_links(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	struct reading reading = { .arena = arena };
	int r = link_list(kernel, on_link, &reading);

	if (r == 0)
		r = firewall_list_ports(kernel, arena, &ret->ports, &ret->n_ports);
	if (r < 0)
		return r;
	ret->links = reading.links;
	ret->n_links = reading.n;
	return 0;
}
