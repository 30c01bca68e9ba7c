/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call - one method call as its handler sees it: who calls, the memory of the call, the ways to answer
 *
 * A handler answers exactly once by call_reply() or a call_fail…() (each returns 0, so that it can be returned), after any
 * number of call_reply_more() where the caller wants more. Or it keeps the call, to answer it later (call_keep()), or keeps it
 * open for as long as the client likes (subscription.h). A handler that returns
 * negative has met an error that nobody foresaw: it is logged once and the caller is told. What is answered to a oneway call
 * goes nowhere.
 */
#pragma once

#include <sys/types.h>

#include "codec.h"

struct call;

/* Who is at the other end, as the kernel said at accept (SO_PEERCRED, SO_PEERGROUPS). */
struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid; /* for log lines only: it may be anybody's by now */
	gid_t *groups;
	size_t n_groups;
};

bool peer_has_group(const struct peer *peer, gid_t gid);

/* in: the decoded parameters (struct of the method's in table). */
typedef int (*call_handler)(void *userdata, struct call *call, const void *in);

const struct peer *call_peer(const struct call *call);
/* Memory until the call is answered. */
struct arena *call_arena(struct call *call);
/* Whether the caller takes more than one reply. */
bool call_wants_more(const struct call *call);
/* Whether another request of the same caller lies here already. */
bool call_is_followed(const struct call *call);

/* out: struct of the method's out table, copied before they return. Typed ones are made by idlc: nsnet_reply_…(). */
int call_reply(struct call *call, const void *out);
int call_reply_more(struct call *call, const void *out);

/* Hands a call over with its memory, the parameters in it too: it is answered after its handler has come back, by these same
 * functions, and then freed. Further requests on its connection wait. The one that the handler has counts as answered. NULL:
 * the connection can keep none. */
struct call *call_keep(struct call *call);
/* Whether somebody waits for the answer of one that is kept. Whoever wanted none does. */
bool call_is_heard(const struct call *call);
void call_free(struct call *call);
/* Calls back, once, when whoever waits for the answer of one that is kept goes before it has come. NULL: not any more. */
void call_on_gone(struct call *call, void (*on_gone)(void *userdata), void *userdata);

/* Sends a descriptor beside the next reply: takes it over and returns its index there; -E2BIG (and closed) where there are too
 * many. */
int call_attach_fd(struct call *call, int fd);

/* Takes over the first n descriptors that came beside the call. False: there are not so many, and none is taken. What nobody takes is
 * closed. */
bool call_take_fds(struct call *call, int *ret, size_t n);

/* By the interface's errors: typed ones are made by idlc: nsnet_fail_…(). */
int call_fail(struct call *call, const struct codec_error *error, const void *parameters);
/* org.varlink.service.InvalidParameter; field is a path as codec_decode() tells it. */
int call_fail_parameter(struct call *call, const char *field);
/* org.varlink.service.PermissionDenied, ExpectedMore */
int call_fail_permission(struct call *call);
int call_fail_expected_more(struct call *call);
