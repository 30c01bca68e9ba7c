/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failing_calls - system calls of this program that fail when they are told to, in its children too
 */
#include "failing_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct fault {
	char function[32];
	unsigned left;
	bool is_begun, has_failed;
	ino_t home;
} * fault;

static bool fails(const char *function, int error)
{
	if (!fault || !fault->is_begun || fault->has_failed ||
		strcmp(fault->function, function) != 0 || fault->left-- > 0)
		return false;
	fault->has_failed = true;
	errno = error;
	return true;
}

void failing_calls_begin(const char *function, unsigned number)
{
	struct stat home;

	if (!fault)
		fault = mmap(NULL, sizeof(*fault), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fault == MAP_FAILED || stat("/proc/self/ns/net", &home) < 0)
		abort();
	*fault = (struct fault){ .left = number, .is_begun = true, .home = home.st_ino };
	(void)snprintf(fault->function, sizeof(fault->function), "%s", function);
}

bool failing_calls_end(void)
{
	fault->is_begun = false;
	return fault->has_failed;
}

/* CALL(type, failure, errno, name, parameters, arguments) */
#define CALLS \
	CALL(int, -1, EIO, fstat, (int fd, struct stat *ret), (fd, ret)) \
	CALL(int, -1, EIO, fstatat, (int fd, const char *path, struct stat *ret, int flags), \
		(fd, path, ret, flags)) \
	CALL(int, -1, EPERM, fchmod, (int fd, mode_t mode), (fd, mode)) \
	CALL(int, -1, EIO, faccessat, (int fd, const char *path, int mode, int flags), \
		(fd, path, mode, flags)) \
	CALL(int, -1, EIO, fsync, (int fd), (fd)) \
	CALL(int, -1, EIO, ftruncate, (int fd, off_t size), (fd, size)) \
	CALL(ssize_t, -1, EIO, pwrite, (int fd, const void *data, size_t n, off_t at), \
		(fd, data, n, at)) \
	CALL(ssize_t, -1, ENOSPC, write, (int fd, const void *data, size_t n), (fd, data, n)) \
	CALL(ssize_t, -1, EIO, read, (int fd, void *data, size_t n), (fd, data, n)) \
	CALL(int, -1, ENOSPC, renameat2, \
		(int fd, const char *from, int directory, const char *to, unsigned flags), \
		(fd, from, directory, to, flags)) \
	CALL(int, -1, EIO, unlinkat, (int fd, const char *path, int flags), (fd, path, flags)) \
	CALL(int, -1, ENOSPC, symlinkat, (const char *text, int fd, const char *path), \
		(text, fd, path)) \
	CALL(int, -1, ENOSPC, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode)) \
	CALL(int, -1, ENOMEM, mount, \
		(const char *from, const char *to, const char *type, unsigned long flags, \
			const void *data), \
		(from, to, type, flags, data)) \
	CALL(int, -1, ENOMEM, unshare, (int flags), (flags)) \
	CALL(int, -1, ENOMEM, setsockopt, \
		(int fd, int level, int name, const void *value, socklen_t n), \
		(fd, level, name, value, n)) \
	CALL(int, -1, EMFILE, socket, (int domain, int type, int protocol), \
		(domain, type, protocol)) \
	CALL(int, -1, ENOMEM, bind, (int fd, const struct sockaddr *address, socklen_t n), \
		(fd, address, n)) \
	CALL(int, -1, ENOSPC, inotify_add_watch, (int fd, const char *path, uint32_t mask), \
		(fd, path, mask)) \
	CALL(DIR *, NULL, ENOMEM, fdopendir, (int fd), (fd))

#define CALL(type, failure, error, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		return fails(#name, error) ? (failure) : __real_##name arguments; \
	}
CALLS
#undef CALL

int __real_setns(int fd, int type);
int __wrap_setns(int fd, int type);
int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

/* Where the way home fails the daemon ends, and must: that is no test for here. */
int __wrap_setns(int fd, int type)
{
	struct stat status;

	if (fault && __real_fstat(fd, &status) == 0 && status.st_ino != fault->home &&
		fails("setns", ENOMEM))
		return -1;
	return __real_setns(fd, type);
}

int __wrap_openat(int fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return fails("openat", EMFILE) ? -1 : __real_openat(fd, path, flags, mode);
}

/* Those without an argument do not look at it. */
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	return fails("ioctl", ENOMEM) ? -1 : __real_ioctl(fd, request, argument);
}

/* Not to who asks. */
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	int domain = AF_UNSPEC;
	socklen_t n = sizeof(domain);

	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n);
	if (domain != AF_UNIX && fails("sendmsg", ENOMEM))
		return -1;
	return __real_sendmsg(fd, message, flags);
}

const char *const failing_calls[] = {
#define CALL(type, failure, error, name, parameters, arguments) #name,
	CALLS
#undef CALL
	"setns",
	"openat", "ioctl", "sendmsg", NULL
};
