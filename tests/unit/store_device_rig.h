#ifndef STORE_DEVICE_RIG_H
#define STORE_DEVICE_RIG_H

#include "store_rig.h"

#include "store/devices.h"

/* Device n, active, with identifiers and a key of its own, every field stated but came_leaf, came_key, request, until_s
 * and released. */
store_device device_sample(unsigned n);

/* Device n, expected: what an announcement says of it. */
store_device device_expected(unsigned n);

/* Put it in a transaction of its own. The second one must work. */
poa_err device_try_put(rig *r, const store_device *device);
void device_put(rig *r, const store_device *device);

/* Are all fields the same? */
void assert_same_device(const store_device *a, const store_device *b);

/* The ids that a page has, at most cap. */
size_t device_page(rig *r, const store_device_query *query, store_uuid *ids, size_t cap);

/* Entries of a table. */
size_t table_entries(rig *r, store_table table);

#endif
