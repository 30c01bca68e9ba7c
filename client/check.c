/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - whether a word can be what it is given for
 */
#include "check.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <strings.h>

/* Not ctype.h: names are ASCII in every locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool check_is_name(const char *text)
{
	size_t n = strnlen(text, 49);
	bool has_other = false;

	if (n == 0 || n > 48 || !is_alphanumeric(text[0]) || !is_alphanumeric(text[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_alphanumeric(text[i]) && !strchr("_.-", text[i]))
			return false;
		has_other = has_other || !is_digit(text[i]);
	}
	return has_other && !streq(text, "self") && !streq(text, "none") &&
	       strcasecmp(text, "localhost") != 0;
}

int check_address(const char *text)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, text, &address) == 1)
		return AF_INET;
	if (inet_pton(AF_INET6, text, &address) == 1)
		return AF_INET6;
	return 0;
}

/* Clears the bits beyond the length; whether any was set. */
static bool clear_host(unsigned char *bytes, size_t n, unsigned int length)
{
	bool was_set = false;

	for (size_t i = 0; i < n; i++) {
		unsigned int kept = length >= 8 * (i + 1) ? 8
				    : length > 8 * i      ? length - 8 * (unsigned int)i
							  : 0;
		unsigned char mask = (unsigned char)(0xff00U >> kept);

		was_set = was_set || (bytes[i] & ~mask & 0xff);
		bytes[i] &= mask;
	}
	return was_set;
}

enum check_prefix check_prefix(
	const char *text, int *ret_family, char ret_prefix[CHECK_PREFIX_TEXT_MAX])
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t digits = slash ? strlen(slash + 1) : 0;
	unsigned int length = 0;
	bool has_host;
	int family;

	if (!slash || (size_t)(slash - text) >= sizeof(address) || digits < 1 || digits > 3)
		return CHECK_PREFIX_NONE;
	for (const char *c = slash + 1; *c; c++) {
		if (!is_digit(*c))
			return CHECK_PREFIX_NONE;
		length = length * 10 + (unsigned int)(*c - '0');
	}
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	family = check_address(address);
	if (family == 0 || length > (family == AF_INET ? 32U : 128U))
		return CHECK_PREFIX_NONE;
	(void)inet_pton(family, address, bytes);
	has_host = clear_host(bytes, family == AF_INET ? 4 : 16, length);
	(void)inet_ntop(family, bytes, address, sizeof(address));
	(void)snprintf(ret_prefix, CHECK_PREFIX_TEXT_MAX, "%s/%u", address, length);
	*ret_family = family;
	return has_host ? CHECK_PREFIX_HAS_HOST : CHECK_PREFIX_OK;
}

bool check_is_same_address(const char *a, const char *b)
{
	unsigned char x[sizeof(struct in6_addr)] = { 0 }, y[sizeof(struct in6_addr)] = { 0 };
	int family = check_address(a);

	if (family == 0 || check_address(b) != family)
		return false;
	(void)inet_pton(family, a, x);
	(void)inet_pton(family, b, y);
	return memcmp(x, y, sizeof(x)) == 0;
}

bool check_is_same_prefix(const char *a, const char *b)
{
	char x[CHECK_PREFIX_TEXT_MAX], y[CHECK_PREFIX_TEXT_MAX];
	int family;

	return check_prefix(a, &family, x) != CHECK_PREFIX_NONE &&
	       check_prefix(b, &family, y) != CHECK_PREFIX_NONE && streq(x, y);
}

/* The separator that stands first separates; the other one is part of a name then (sysctl(8)). */
bool check_is_sysctl(const char *text)
{
	const char *rest = after(text, "net.");

	if (!rest)
		rest = after(text, "net/");
	if (!rest || !*rest)
		return false;
	for (; *rest; rest++) {
		/* Names of interfaces are among them. */
		if (strchr(" \t\n\v\f\r=", *rest))
			return false;
	}
	return true;
}

bool check_is_same_sysctl(const char *a, const char *b)
{
	char x = a[strcspn(a, "./")], y = b[strcspn(b, "./")];

	for (; *a && *b; a++, b++) {
		bool is_separator = *a == x;

		if (is_separator != (*b == y))
			return false;
		/* eth0.7 is eth0/7 where dots separate. */
		if (!is_separator && *a != *b && !(strchr("./", *a) && strchr("./", *b)))
			return false;
	}
	return *a == *b;
}

bool check_is_domain(const char *text)
{
	size_t n = strlen(text), label = 0;

	if (n == 0 || n > 128)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && text[i] != '.') {
			if (!is_alphanumeric(text[i]) && text[i] != '-')
				return false;
			label++;
			continue;
		}
		if (label == 0 || label > 63 || text[i - label] == '-' || text[i - 1] == '-')
			return false;
		label = 0;
	}
	return true;
}

bool check_is_hardware_address(const char *text)
{
	bool is_zero = true;

	if (strlen(text) != 17)
		return false;
	for (size_t i = 0; i < 17; i++) {
		if (i % 3 == 2 ? text[i] != ':' : !is_hex(text[i]))
			return false;
		is_zero = is_zero && (text[i] == '0' || text[i] == ':');
	}
	/* The lowest bit of the first byte marks groups. */
	return !is_zero && strchr("02468aAcCeE", text[1]);
}

bool check_is_interface_name(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n >= IFNAMSIZ || streq(text, ".") || streq(text, ".."))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strchr("/: \t\n\v\f\r", text[i]))
			return false;
	}
	return true;
}
