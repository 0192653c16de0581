#include "constraint.h"

#include "bounds.h"
#include "cleanup.h"
#include "constraint_list.h"
#include "guard.h"
#include "json.h"
#include "selector.h"
#include "span.h"

/* devices: selectors. Inside: each inside one of the parent's. */

static bool item_read(const json_t *json, void *item)
{
    return poa_selector_read(json, item);
}

/* What a selector holds are objects of strings, of which each has one spelling. */
static bool item_same(const void *a, const void *b)
{
    return json_equal(((const poa_selector *)a)->json, ((const poa_selector *)b)->json);
}

static bool item_inside(const void *child, const void *parent)
{
    return !POA_GUARD(devices_widened, !poa_selector_inside(child, parent));
}

static void item_show(const void *item, poa_buf *b)
{
    poa_selector_show(item, b);
}

static const poa_list selectors = {
    .max = POA_SELECTORS_MAX,
    .size = sizeof(poa_selector),
    .read = item_read,
    .same = item_same,
    .inside = item_inside,
    .show = item_show,
};

static poa_err read(const json_t *json, poa_value *out)
{
    return poa_list_read(&selectors, json, out);
}

static bool inside(const poa_value *child, const poa_value *parent)
{
    return poa_list_inside(&selectors, child, parent);
}

static bool selects(const poa_value *value, const poa_identity *device)
{
    const poa_selector *selector = value->items;
    for (size_t i = 0; i < value->count; i++)
        if (!POA_GUARD(devices_refused, !poa_selector_match(&selector[i], device)))
            return true;
    return false;
}

/* `replace` needs the new identity and the old record, which a request may name with no other action. */
static bool match(const poa_value *value, const poa_request *request)
{
    if (!selects(value, &request->device))
        return false;
    if (POA_GUARD(replaced_stated, poa_span_is(request->action, "replace") && !request->replaced))
        return false;
    return !POA_GUARD(replaced_refused, request->replaced && !selects(value, request->replaced));
}

static json_t *path_json(const poa_identity *device)
{
    POA_CLEANUP(poa_json_decrefp) json_t *path = json_array();
    for (size_t i = 0; i < device->idevid_path_len; i++)
        if (json_array_append_new(path, json_string(poa_id_print(&device->idevid_path[i]).chars)) != 0)
            return NULL;
    return POA_TAKE(path);
}

/* All of the identity or, when memory is out, nothing: half of it would be another one. */
static json_t *identity_json(const poa_identity *device)
{
    const struct {
        const char *name;
        poa_span text;
    } members[] = {
        {"manufacturer", device->manufacturer},
        {"model", device->model},
        {"serial", device->serial},
        {"id_link", device->id_link},
    };
    POA_CLEANUP(poa_json_decrefp) json_t *object = json_object();
    for (size_t i = 0; i < POA_COUNT(members); i++)
        if (members[i].text.ptr && json_object_set_new(object, members[i].name, poa_asked_text(members[i].text)) != 0)
            return NULL;
    if (device->idevid_path_len > 0 && json_object_set_new(object, "idevid_issuer", path_json(device)) != 0)
        return NULL;
    return POA_TAKE(object);
}

static json_t *asked(const poa_request *request)
{
    if (!request->replaced)
        return identity_json(&request->device);
    POA_CLEANUP(poa_json_decrefp) json_t *both = json_object();
    if (json_object_set_new(both, "device", identity_json(&request->device)) != 0 ||
        json_object_set_new(both, "replaced", identity_json(request->replaced)) != 0)
        return NULL;
    return POA_TAKE(both);
}

static void show(const poa_value *value, poa_buf *b)
{
    poa_list_show(&selectors, value, b);
}

const poa_constraint poa_constraint_devices = {
    .name = "devices",
    .required = true,
    .widened = POA_E_DEVICE_WIDENED,
    .refused = POA_E_DEVICE_NOT_GRANTED,
    .read = read,
    .inside = inside,
    .match = match,
    .asked = asked,
    .show = show,
};
