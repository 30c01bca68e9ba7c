/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * train - netlink messages one after the other, sent together
 */
#pragma once

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One more message, with the header that its type has; what follows is put into it. */
void train_message(uint16_t type, uint16_t flags, const void *header, size_t size);
void *train_put(size_t size);
struct rtattr *train_attribute(uint16_t type, const void *value, size_t size);
void train_attribute_u32(uint16_t type, uint32_t value);
void train_attribute_u8(uint16_t type, uint8_t value);
void train_attribute_text(uint16_t type, const char *text);
struct rtattr *train_nest(uint16_t type);
void train_end(struct rtattr *nested);

bool train_is_loaded(void);
/* Sends what was collected and waits for the answer to the last one. -ENODEV where one of them was for a link that is not
 * there; any other error ends the program. */
int train_send(int fd);
