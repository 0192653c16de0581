#ifndef CLI_DEVICE_TEXT_H
#define CLI_DEVICE_TEXT_H

#include "buf.h"

#include <jansson.h>

/* Devices as a server tells them, for people. Everything in them is escaped. */

/* One line of a table for each device, with a head; columns as wide as what stands in them. */
void cli_devices_table(poa_buf *b, const json_t *devices);

/* All of one device, a member a line. */
void cli_device_lines(poa_buf *b, const json_t *device);

#endif
