/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ahead - the next network namespace is made by a thread of its own, while the main one is busy with the last one's links
 *
 *	idle -> ordered -> making -> made -> idle
 *
 * What is ordered and not begun is given up when it is asked for: whoever asks is as fast by himself. What could not be made is no
 * error: whoever wants it makes it himself, and hears why not. What is made and not asked for is given up after a while.
 */
#include "ahead.h"

#include <fcntl.h>
#include <time.h>

#include "thread.h"
#include "userns.h"

#define KEEP_NSEC 500000000 /* what nobody asks for */

enum state { IDLE, ORDERED, MAKING, MADE };

struct ahead {
	const struct kernel *kernel;
	pthread_t thread;
	struct settings settings; /* the thread's */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	enum state state;
	bool ends;
	struct birth_wish wish; /* what was ordered; the sibling's descriptor is our own */
	struct birth birth;     /* while it is made */
};

static void lock(struct ahead *ahead)
{
	if (pthread_mutex_lock(&ahead->lock) != 0)
		abort();
}

static void unlock(struct ahead *ahead)
{
	if (pthread_mutex_unlock(&ahead->lock) != 0)
		abort();
}

/* With the lock. */
static void set_state(struct ahead *ahead, enum state state)
{
	if (state == IDLE)
		ahead->wish.sibling = close_fd(ahead->wish.sibling);
	ahead->state = state;
	(void)pthread_cond_broadcast(&ahead->changed);
}

/* The thread: each with the lock. */

static void make(struct ahead *ahead)
{
	struct birth birth;
	int r;

	set_state(ahead, MAKING);
	unlock(ahead);
	r = birth_make(ahead->kernel, &ahead->settings, &ahead->wish, &birth);
	lock(ahead);
	/* Nothing else would hold it. */
	ahead->wish.sibling = close_fd(ahead->wish.sibling);
	if (r == 0)
		ahead->birth = birth;
	set_state(ahead, r == 0 ? MADE : IDLE);
}

/* Until there is an order; what nobody asks for for a while is given up. */
static void rest(struct ahead *ahead)
{
	bool has_any = ahead->state == MADE || ahead->settings.proc >= 0;
	enum state state = ahead->state;
	struct timespec until;
	int r = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += KEEP_NSEC;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (ahead->state == state && !ahead->ends && r == 0)
		r = has_any ? pthread_cond_timedwait(&ahead->changed, &ahead->lock, &until)
			    : pthread_cond_wait(&ahead->changed, &ahead->lock);
	if (ahead->state != state || ahead->ends)
		return;
	if (state == MADE)
		birth_done(&ahead->birth);
	ahead->settings = (struct settings){ .proc = close_fd(ahead->settings.proc) };
	set_state(ahead, IDLE);
}

static void *run(void *userdata)
{
	struct ahead *ahead = userdata;

	lock(ahead);
	while (!ahead->ends) {
		if (ahead->state == ORDERED)
			make(ahead);
		else
			rest(ahead);
	}
	unlock(ahead);
	return NULL;
}

/* The main thread. */

/* NULL: there can be none now. */
static struct ahead *ahead_new(const struct kernel *kernel)
{
	struct ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead)
		return NULL;
	*ahead =
		(struct ahead){ .kernel = kernel, .settings.proc = -EBADF, .wish.sibling = -EBADF };
	(void)pthread_mutex_init(&ahead->lock, NULL); /* never fails on Linux */
	if (thread_make_condition(&ahead->changed) < 0 ||
		thread_start(&ahead->thread, run, ahead) < 0) {
		free(ahead);
		return NULL;
	}
	return ahead;
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	lock(ahead);
	ahead->ends = true;
	set_state(ahead, ahead->state);
	unlock(ahead);
	(void)pthread_join(ahead->thread, NULL);
	if (ahead->state == MADE)
		birth_done(&ahead->birth);
	(void)close_fd(ahead->wish.sibling);
	(void)close_fd(ahead->settings.proc);
	(void)pthread_cond_destroy(&ahead->changed);
	(void)pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}

void ahead_order(struct kernel *kernel, const struct birth_wish *wish)
{
	struct birth_wish copy = *wish;
	struct ahead *ahead;

	if (!kernel->ahead)
		kernel->ahead = ahead_new(kernel);
	ahead = kernel->ahead;
	if (!ahead)
		return;
	/* The one it was given may be closed before it is needed. */
	copy.sibling = wish->is_owned ? fcntl(wish->sibling, F_DUPFD_CLOEXEC, 3) : -EBADF;
	lock(ahead);
	if (ahead->state == IDLE && (!wish->is_owned || copy.sibling >= 0)) {
		ahead->wish = copy;
		copy.sibling = -EBADF;
		set_state(ahead, ORDERED);
	}
	unlock(ahead);
	(void)close_fd(copy.sibling);
}

/* Whether what was made is what is wished for. A user's belongs to the user namespaces that his others belong to. */
static bool fits(const struct ahead *ahead, const struct birth_wish *wish)
{
	if (ahead->wish.is_owned != wish->is_owned)
		return false;
	return !wish->is_owned ||
	       (ahead->wish.uid == wish->uid && ahead->wish.gid == wish->gid &&
		       wish->sibling >= 0 && userns_is_same(ahead->birth.fd, wish->sibling));
}

bool ahead_take(struct ahead *ahead, const struct birth_wish *wish, struct birth *ret)
{
	bool is_taken = false;

	lock(ahead);
	while (ahead->state == MAKING)
		(void)pthread_cond_wait(&ahead->changed, &ahead->lock);
	if (ahead->state == MADE) {
		is_taken = fits(ahead, wish);
		if (is_taken)
			*ret = ahead->birth;
		else
			birth_done(&ahead->birth);
	}
	if (ahead->state != IDLE)
		set_state(ahead, IDLE);
	unlock(ahead);
	return is_taken;
}
