/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * units - rates, times and shares as tc(8) has them, to the last digit
 */
#include "units.h"

#include <strings.h>

#define KILO INT64_C(1000)
#define KIBI INT64_C(1024)

struct unit {
	const char *name;
	int64_t size; /* in the smallest */
};

/* "bit" for bits, "bps" for bytes, as tc(8) has it. */
static const struct unit rates[] = {
	{ "", 1 },
	{ "bit", 1 },
	{ "kbit", KILO },
	{ "mbit", KILO *KILO },
	{ "gbit", KILO *KILO *KILO },
	{ "tbit", KILO *KILO *KILO *KILO },
	{ "kibit", KIBI },
	{ "mibit", KIBI *KIBI },
	{ "gibit", KIBI *KIBI *KIBI },
	{ "tibit", KIBI *KIBI *KIBI *KIBI },
	{ "bps", 8 },
	{ "kbps", 8 * KILO },
	{ "mbps", 8 * KILO *KILO },
	{ "gbps", 8 * KILO *KILO *KILO },
	{ "tbps", 8 * KILO *KILO *KILO *KILO },
	{ "kibps", 8 * KIBI },
	{ "mibps", 8 * KIBI *KIBI },
	{ "gibps", 8 * KIBI *KIBI *KIBI },
	{ "tibps", 8 * KIBI *KIBI *KIBI *KIBI },
};

/* tc(8) takes a number alone for microseconds, which is not what somebody means who writes "10". */
static const struct unit times[] = { { "us", 1 }, { "usec", 1 }, { "usecs", 1 }, { "ms", KILO },
	{ "msec", KILO }, { "msecs", KILO }, { "s", KILO *KILO }, { "sec", KILO *KILO },
	{ "secs", KILO *KILO } };

static const struct unit shares[] = { { "%", 10 * KILO }, { "", 10 * KILO } };

/* A decimal number as digits / scale, without the zeros at the end of its fraction. */
static enum units_fault read_number(const char **text, int64_t *ret_digits, int64_t *ret_scale)
{
	const char *c = *text, *point = NULL;
	int64_t digits = 0, scale = 1;
	size_t n = 0;

	for (; (*c >= '0' && *c <= '9') || (*c == '.' && !point); c++) {
		if (*c == '.') {
			point = c;
			continue;
		}
		n++;
		if (__builtin_mul_overflow(digits, 10, &digits) ||
			__builtin_add_overflow(digits, *c - '0', &digits) ||
			(point && __builtin_mul_overflow(scale, 10, &scale)))
			return UNITS_TOO_MUCH;
	}
	/* Digits on both sides of a point. */
	if (n == 0 || point == *text || (point && point + 1 == c))
		return UNITS_NO_NUMBER;
	for (; scale > 1 && digits % 10 == 0; scale /= 10)
		digits /= 10;
	*text = c;
	*ret_digits = digits;
	*ret_scale = scale;
	return UNITS_OK;
}

static enum units_fault read_units(
	const char *text, const struct unit *units, size_t n, int64_t *ret)
{
	int64_t digits, scale;
	enum units_fault fault = read_number(&text, &digits, &scale);

	if (fault != UNITS_OK)
		return fault;
	for (size_t i = 0; i < n; i++) {
		int64_t value;

		if (strcasecmp(units[i].name, text) != 0)
			continue;
		if (__builtin_mul_overflow(digits, units[i].size, &value))
			return UNITS_TOO_MUCH;
		if (value % scale != 0)
			return UNITS_UNEVEN;
		*ret = value / scale;
		return UNITS_OK;
	}
	return UNITS_NO_UNIT;
}

enum units_fault units_rate(const char *text, int64_t *ret)
{
	return read_units(text, rates, lengthof(rates), ret);
}

enum units_fault units_time(const char *text, int64_t *ret)
{
	return read_units(text, times, lengthof(times), ret);
}

enum units_fault units_share(const char *text, int64_t *ret)
{
	return read_units(text, shares, lengthof(shares), ret);
}

/* Units from the largest to the smallest. */
static const char *write_units(
	struct arena *arena, int64_t value, const struct unit *units, size_t n)
{
	size_t i = 0;

	while (i + 1 < n && (value == 0 || value % units[i].size != 0))
		i++;
	return arena_printf(arena, "%lld%s", (long long)(value / units[i].size), units[i].name);
}

const char *units_rate_text(struct arena *arena, int64_t rate)
{
	static const struct unit units[] = { { "tbit", KILO * KILO * KILO * KILO },
		{ "gbit", KILO * KILO * KILO }, { "mbit", KILO * KILO }, { "kbit", KILO },
		{ "bit", 1 } };

	return write_units(arena, rate, units, lengthof(units));
}

const char *units_time_text(struct arena *arena, int64_t time)
{
	static const struct unit units[] = { { "s", KILO * KILO }, { "ms", KILO }, { "us", 1 } };

	return write_units(arena, time, units, lengthof(units));
}

const char *units_share_text(struct arena *arena, int64_t share)
{
	int64_t rest = share % (10 * KILO);
	char *text = arena_printf(arena, "%lld.%04lld", (long long)(share / (10 * KILO)),
		(long long)(rest < 0 ? -rest : rest));
	size_t n = strlen(text);

	while (text[n - 1] == '0')
		n--;
	n -= text[n - 1] == '.';
	return arena_printf(arena, "%.*s%%", (int)n, text);
}
