/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reap - namespaces that were given up, and their ends on the host, go by a thread of its own
 *
 * A namespace that nobody holds takes its links with it, a millisecond after its last descriptor is closed. But the kernel
 * takes all that are waiting in one go, and nobody else gets at links for as long: half a second for some hundreds. And one
 * that a process or a descriptor still holds does not go at all. So:
 *
 * - as long as nobody wants links they are closed, no more than a hundred at a time, and looked after until their ends are gone;
 * - while somebody does, of several, and always of those that somebody holds, the ends are put into a group of their own and go
 *   by one request for that group, 16 at a time. That costs 20 ms, whether it is one or 16: the kernel waits for a grace
 *   period, while others get at links. Then they are closed, and next to nothing is left to be done.
 *
 * An index is given again after 2^31 others, but a link is looked at all the same before it goes: it must be ours.
 */
#include "reap.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "link.h"
#include "log.h"
#include "thread.h"

/* How many links go together at most: nobody else gets at links for that long, half a millisecond each. Fewer while somebody
 * wants some, or did so lately. */
#define GROUP_MAX   LINK_TOGETHER_MAX
#define GROUP_FEW   16U
#define CLOSED_MAX  128U
#define LATELY_USEC 50000
/* Those that are closed are given so long to go by themselves, the next of them; what cannot be taken away is tried again after
 * up to so long. */
#define PATIENCE_USEC 50000
#define HELD_USEC     500000
#define FIRST_USEC    500
#define SOON_USEC     4000
#define RETRY_USEC    100000
#define LAST_USEC     1600000
#define TRIES         10

struct departure {
	struct departure *next;
	int64_t number;
	int fd;
	struct indexes ends;
	int64_t closed, due; /* in usec; 0: it is not closed */
	int64_t pause;
};

struct departures {
	struct departure *first, **last;
};

struct reaper {
	pthread_t thread;
	bool is_running;
	struct netlink host;     /* the thread's */
	struct departures going; /* the thread's: closed, or to be tried again */
	int64_t went;            /* when the last end went by itself */

	int64_t wanted; /* when the main thread made links last; the one word without the lock */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t is_given;
	struct departures given;
	int64_t n_taken; /* the last one's number */
	size_t n_left;   /* not told yet */
	int64_t *told;
	size_t n_told, told_allocated;
	int error; /* the last one, not told yet */
	bool ends;

	int event; /* it is readable: something was told */
};

static int64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void append(struct departures *all, struct departure *departure)
{
	departure->next = NULL;
	*all->last = departure;
	all->last = &departure->next;
}

static struct departure *shift(struct departures *all)
{
	struct departure *departure = all->first;

	if (!departure)
		return NULL;
	all->first = departure->next;
	if (!all->first)
		all->last = &all->first;
	return departure;
}

/* Behind those that are there. */
static void join(struct departures *all, struct departures *more)
{
	for (struct departure *departure; (departure = shift(more));)
		append(all, departure);
}

static void departure_free(struct departure *departure)
{
	(void)close_fd(departure->fd);
	free(departure->ends.items);
	free(departure);
}

static void lock(struct reaper *reaper)
{
	if (pthread_mutex_lock(&reaper->lock) != 0)
		abort();
}

static void unlock(struct reaper *reaper)
{
	if (pthread_mutex_unlock(&reaper->lock) != 0)
		abort();
}

/* The thread. */

static void wake_loop(const struct reaper *reaper)
{
	const uint64_t one = 1;

	/* It cannot be full: that takes 2^64 of them. */
	for (int i = 0; i < TRIES; i++)
		if (write(reaper->event, &one, sizeof(one)) == sizeof(one))
			return;
}

/* It is gone: the loop is to hear of it. */
static void tell(struct reaper *reaper, struct departure *departure)
{
	lock(reaper);
	if (reaper->n_told == reaper->told_allocated) {
		size_t allocated = reaper->told_allocated ? 2 * reaper->told_allocated : 64;
		int64_t *told = reallocarray(reaper->told, allocated, sizeof(*told));

		if (!told)
			abort();
		reaper->told = told;
		reaper->told_allocated = allocated;
	}
	reaper->told[reaper->n_told++] = departure->number;
	unlock(reaper);
	departure_free(departure);
	wake_loop(reaper);
}

static void tell_error(struct reaper *reaper, int error)
{
	lock(reaper);
	reaper->error = error;
	unlock(reaper);
	wake_loop(reaper);
}

/* Forgets the ends that are no more, by the cheapest question there is. */
static void forget_gone(struct reaper *reaper, struct departure *departure)
{
	struct indexes *ends = &departure->ends;

	for (size_t i = ends->n; i-- > 0;) {
		char name[INTERFACE_SIZE];
		int r = netlink_name(&reaper->host, ends->items[i], name);

		if (r == -ENODEV || r == -ENXIO) {
			ends->items[i] = ends->items[--ends->n];
			reaper->went = now_usec();
		}
	}
}

static void wait_for(struct reaper *reaper, struct departure *departure, int64_t pause)
{
	departure->pause = pause;
	departure->due = now_usec() + pause;
	append(&reaper->going, departure);
}

static bool is_wanted(const struct reaper *reaper)
{
	return now_usec() - __atomic_load_n(&reaper->wanted, __ATOMIC_RELAXED) < LATELY_USEC;
}

/* The last ends of a departure that go with the n that are there. 0, or -errno: it is not ours, or cannot be asked for. */
static int gather(
	struct reaper *reaper, struct departure *departure, int *indexes, size_t most, size_t *n)
{
	struct indexes *ends = &departure->ends;

	while (ends->n > 0 && *n < most) {
		int index = ends->items[ends->n - 1];
		int r = link_is_ours(&reaper->host, index);

		if (r == 0)
			indexes[(*n)++] = index;
		else if (r != -ENODEV && r != -ENXIO)
			return r;
		ends->n--;
	}
	return 0;
}

static void put_back(struct departures *batch, const int *indexes, size_t n)
{
	struct departure *departure = batch->first;

	/* Whose they are does not matter: they go together. */
	for (size_t i = 0; departure && i < n; i++)
		state_append(&departure->ends, indexes[i]);
}

/* As many of those as can go in one group. */
static void take_together(struct reaper *reaper, struct departures *all)
{
	struct departures batch = { NULL, &batch.first };
	int indexes[GROUP_MAX];
	size_t n = 0, most = is_wanted(reaper) ? GROUP_FEW : GROUP_MAX;
	int r = 0;

	for (struct departure *departure; n < most && r == 0 && (departure = shift(all));) {
		r = gather(reaper, departure, indexes, most, &n);
		append(&batch, departure);
	}
	if (r == 0 && n > 0)
		r = link_delete_together(&reaper->host, indexes, n);
	if (r < 0) {
		put_back(&batch, indexes, n);
		tell_error(reaper, r);
	}
	for (struct departure *departure; (departure = shift(&batch));) {
		/* Held or not, it is not ours from now on. */
		departure->fd = close_fd(departure->fd);
		if (departure->ends.n == 0)
			tell(reaper, departure);
		else
			wait_for(reaper, departure,
				r == 0                             ? 0
				: departure->pause < RETRY_USEC    ? RETRY_USEC
				: departure->pause < LAST_USEC / 2 ? 2 * departure->pause
								   : LAST_USEC);
	}
}

static void close_one(struct reaper *reaper, struct departure *departure)
{
	departure->fd = close_fd(departure->fd);
	departure->closed = now_usec();
	forget_gone(reaper, departure);
	if (departure->ends.n == 0)
		tell(reaper, departure);
	else
		wait_for(reaper, departure, FIRST_USEC);
}

/* Whether it may still go by itself. */
static bool is_patient(const struct reaper *reaper, const struct departure *departure, int64_t now)
{
	return departure->closed && now - departure->closed < HELD_USEC &&
	       (now - departure->closed < PATIENCE_USEC || now - reaper->went < PATIENCE_USEC);
}

/* Those whose time has come: gone, to be waited for, or in need of help (*ret). */
static void look_after(struct reaper *reaper, struct departures *ret)
{
	struct departures all = reaper->going;
	int64_t now = now_usec();

	reaper->going = (struct departures){ NULL, &reaper->going.first };
	if (!all.first)
		return;
	for (struct departure *departure = all.first, *next; departure; departure = next) {
		next = departure->next;
		if (departure->due > now) {
			append(&reaper->going, departure);
			continue;
		}
		forget_gone(reaper, departure);
		if (departure->ends.n == 0)
			tell(reaper, departure);
		else if (is_patient(reaper, departure, now))
			wait_for(reaper, departure,
				departure->pause < SOON_USEC ? 2 * departure->pause : SOON_USEC);
		else
			append(ret, departure);
	}
}

static size_t count(const struct departures *all)
{
	size_t n = 0;

	for (const struct departure *departure = all->first; departure; departure = departure->next)
		n++;
	return n;
}

/* More are closed when half of those before are gone. */
static void close_some(struct reaper *reaper, struct departures *given)
{
	size_t n = count(&reaper->going);

	if (n >= CLOSED_MAX / 2)
		return;
	for (struct departure *departure; n < CLOSED_MAX && (departure = shift(given)); n++)
		close_one(reaper, departure);
}

static bool is_ending(const struct reaper *reaper)
{
	return __atomic_load_n(&reaper->ends, __ATOMIC_RELAXED);
}

/* Some of what there is to do. */
static void work(struct reaper *reaper, struct departures *given)
{
	bool is_alone = given->first && !given->first->next && !reaper->going.first;
	struct departures helpless = { NULL, &helpless.first };

	look_after(reaper, &helpless);
	while (helpless.first && !is_ending(reaper))
		take_together(reaper, &helpless);
	join(&reaper->going, &helpless);
	if (is_alone || !is_wanted(reaper))
		close_some(reaper, given);
	else if (given->first)
		take_together(reaper, given);
}

/* When the next one that goes is to be looked at. */
static int64_t next_due(const struct reaper *reaper)
{
	int64_t due = INT64_MAX;

	for (const struct departure *departure = reaper->going.first; departure;
		departure = departure->next)
		if (departure->due < due)
			due = departure->due;
	return due;
}

/* Until something is given, or is due, or it is the end. Takes over what is given, behind what is left. */
static bool wait_for_work(struct reaper *reaper, struct departures *ret)
{
	int64_t due = ret->first && count(&reaper->going) < CLOSED_MAX / 2 ? 0 : next_due(reaper);
	struct timespec until = { due / 1000000, due % 1000000 * 1000 };
	bool ends;
	int r = 0;

	lock(reaper);
	while (!reaper->given.first && !reaper->ends && r == 0)
		r = due == INT64_MAX
			    ? pthread_cond_wait(&reaper->is_given, &reaper->lock)
			    : pthread_cond_timedwait(&reaper->is_given, &reaper->lock, &until);
	join(ret, &reaper->given);
	ends = reaper->ends;
	unlock(reaper);
	return !ends;
}

static void *run(void *userdata)
{
	struct reaper *reaper = userdata;
	struct departures given = { NULL, &given.first };

	while (wait_for_work(reaper, &given))
		work(reaper, &given);
	join(&reaper->going, &given);
	return NULL;
}

/* The main thread. */

define_cleanup(struct reaper *, reaper_free);

int reaper_new(struct reaper **ret)
{
	cleanup(reaper_free) struct reaper *reaper = calloc(1, sizeof(*reaper));
	int r;

	if (!reaper)
		return -ENOMEM;
	reaper->host = NETLINK_INIT;
	reaper->given.last = &reaper->given.first;
	reaper->going.last = &reaper->going.first;
	(void)pthread_mutex_init(&reaper->lock, NULL); /* never fails on Linux */
	reaper->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reaper->event < 0)
		return neg();
	r = netlink_open(&reaper->host);
	if (r == 0)
		r = thread_make_condition(&reaper->is_given);
	if (r == 0)
		r = thread_start(&reaper->thread, run, reaper);
	reaper->is_running = r == 0;
	if (r < 0)
		return r;
	*ret = take(reaper);
	return 0;
}

void reaper_free(struct reaper *reaper)
{
	if (!reaper)
		return;
	if (reaper->is_running) {
		lock(reaper);
		__atomic_store_n(&reaper->ends, true, __ATOMIC_RELAXED);
		(void)pthread_cond_signal(&reaper->is_given);
		unlock(reaper);
		(void)pthread_join(reaper->thread, NULL);
		(void)pthread_cond_destroy(&reaper->is_given);
	}
	for (struct departure *departure; (departure = shift(&reaper->going));)
		departure_free(departure);
	for (struct departure *departure; (departure = shift(&reaper->given));)
		departure_free(departure);
	netlink_close(&reaper->host);
	(void)close_fd(reaper->event);
	(void)pthread_mutex_destroy(&reaper->lock);
	free(reaper->told);
	free(reaper);
}

int64_t reaper_take(struct reaper *reaper, int fd, struct indexes *ends)
{
	struct departure *departure = calloc(1, sizeof(*departure));
	int64_t number;

	if (!departure)
		abort();
	*departure = (struct departure){ .fd = fd, .ends = *ends };
	*ends = (struct indexes){ NULL, 0, 0 };
	lock(reaper);
	number = departure->number = ++reaper->n_taken;
	reaper->n_left++;
	append(&reaper->given, departure);
	(void)pthread_cond_signal(&reaper->is_given);
	unlock(reaper);
	return number;
}

void reaper_make_way(struct reaper *reaper)
{
	__atomic_store_n(&reaper->wanted, now_usec(), __ATOMIC_RELAXED);
}

int kernel_departures(struct kernel *kernel)
{
	return kernel->reaper->event;
}

size_t kernel_read_departures(struct kernel *kernel, struct arena *arena, int64_t **ret)
{
	struct reaper *reaper = kernel->reaper;
	uint64_t times;
	size_t n;
	int error;

	/* Where it cannot be read it stays readable, and this is called again. */
	if (read(reaper->event, &times, sizeof(times)) < 0)
		times = 0;
	lock(reaper);
	n = reaper->n_told;
	*ret = arena_array(arena, n, sizeof(**ret));
	if (n > 0)
		memcpy(*ret, reaper->told, n * sizeof(**ret));
	reaper->n_told = 0;
	reaper->n_left -= n;
	error = reaper->error;
	reaper->error = 0;
	unlock(reaper);
	if (error < 0)
		log_line(LOG_WARNING, "cannot take away links, and tries again: %s",
			strerror(-error));
	return n;
}

bool kernel_wait_departures(struct kernel *kernel, int64_t usec)
{
	struct pollfd event = { .fd = kernel->reaper->event, .events = POLLIN };
	const struct timespec time = { usec / 1000000, usec % 1000000 * 1000 };

	return ppoll(&event, 1, &time, NULL) > 0;
}

bool kernel_is_reaping(const struct kernel *kernel)
{
	struct reaper *reaper = kernel->reaper;
	size_t n;

	lock(reaper);
	n = reaper->n_left - reaper->n_told;
	unlock(reaper);
	return n > 0;
}

void kernel_expect_gone(struct kernel *kernel, int index)
{
	struct indexes end = { NULL, 0, 0 };

	state_append(&end, index);
	(void)reaper_take(kernel->reaper, -EBADF, &end);
}
