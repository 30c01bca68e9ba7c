/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer - who is at the other end of a connection, as the kernel tells it
 */
#include <limits.h>
#include <sys/socket.h>

#include "peer.h"

#define GROUPS_FIRST 32U /* more than most have */

/* SO_PEERGROUPS tells by ERANGE how much room it wants. The groups are those of the moment of connect(2), so the second
 * answer fits. */
static int peer_read_groups(int fd, struct peer *peer)
{
	socklen_t size = GROUPS_FIRST * sizeof(gid_t);
	autofree gid_t *groups = NULL;

	for (unsigned attempt = 0; attempt < 2; attempt++) {
		socklen_t room = size;

		free(groups);
		groups = malloc(room);
		if (!groups)
			return -ENOMEM;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
			if (size > room || size % sizeof(gid_t) != 0)
				return -EPROTO;
			peer->n_groups = size / sizeof(gid_t);
			peer->groups = take(groups);
			return 0;
		}
		if (errno != ERANGE)
			return neg();
		if (size <= room || size > NGROUPS_MAX * sizeof(gid_t))
			return -EPROTO;
	}
	return -EPROTO;
}

int peer_read(int fd, struct peer *ret)
{
	/* What the kernel does not fill in must not read as root's. */
	struct ucred credentials = { .pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	socklen_t size = sizeof(credentials);
	struct peer peer = { 0 };
	int rc;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return neg();
	if (size != sizeof(credentials) || credentials.uid == (uid_t)-1 ||
		credentials.gid == (gid_t)-1)
		return -ENODATA;
	rc = peer_read_groups(fd, &peer);
	if (rc < 0)
		return rc;
	peer.uid = credentials.uid;
	peer.gid = credentials.gid;
	peer.pid = credentials.pid;
	*ret = peer;
	return 0;
}

void peer_done(struct peer *peer)
{
	free(peer->groups);
	*peer = (struct peer){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
}

bool peer_has_group(const struct peer *peer, gid_t gid)
{
	if (peer->gid == gid)
		return true;
	for (size_t i = 0; i < peer->n_groups; i++)
		if (peer->groups[i] == gid)
			return true;
	return false;
}
