/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine - what is this machine's own, and the same after every start
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>

/* Of this program, for numbers made from the machine's: sd_id128_get_machine_app_specific(3). */
#define APPLICATION_ID SD_ID128_MAKE(5e, 0b, 3f, 1d, 8a, 55, 4c, 0e, 9d, 7c, 2f, 61, 7a, 90, 4b, 13)

void machine_unique_local(uint8_t ret[6])
{
	sd_id128_t id;

	/* One without a number gets another prefix at each start; what is there keeps its own. */
	if (sd_id128_get_machine_app_specific(APPLICATION_ID, &id) < 0 &&
		sd_id128_randomize(&id) < 0)
		abort();
	ret[0] = 0xfd;
	memcpy(ret + 1, id.bytes, 5);
}
