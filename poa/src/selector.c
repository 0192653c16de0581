#include "selector.h"

#include "bounds.h"
#include "guard.h"
#include "json.h"
#include "span.h"

static bool read_label(const json_t *json, poa_span *out)
{
    const poa_span text = poa_json_span(json);
    if (POA_GUARD(selector_label, !poa_span_is_text(text, POA_LABEL_BYTES_MAX)))
        return false;
    *out = text;
    return true;
}

static bool read_member(poa_span name, const json_t *json, poa_selector *out)
{
    if (poa_span_is(name, "manufacturer"))
        return read_label(json, &out->manufacturer);
    if (poa_span_is(name, "model"))
        return read_label(json, &out->model);
    if (poa_span_is(name, "serial"))
        return poa_serial_parse(poa_json_span(json), &out->serial);
    if (poa_span_is(name, "id_link"))
        return poa_id_link_parse(poa_json_span(json), &out->id_link);
    if (poa_span_is(name, "idevid_issuer"))
        return out->has_issuer = poa_id_parse(poa_json_span(json), &out->issuer);
    if (poa_span_is(name, "any"))
        return out->any = json_is_true(json);
    return !POA_GUARD(selector_member_unknown, true);
}

bool poa_selector_read(const json_t *json, poa_selector *out)
{
    const size_t members = json_object_size(json); /* 0 for what is no object */
    if (POA_GUARD(selector_empty, members == 0))
        return false;

    poa_selector selector = {.json = json};
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        if (!read_member(poa_span_of(name), value, &selector))
            return false;
    }
    if (POA_GUARD(selector_any_alone, selector.any && members > 1))
        return false;
    *out = selector;
    return true;
}

static bool in_path(const poa_identity *device, const poa_id *issuer)
{
    for (size_t i = 0; i < device->idevid_path_len; i++)
        if (poa_id_equal(&device->idevid_path[i], issuer))
            return true;
    return false;
}

/* What is not stated has no bytes, and nothing that a selector states is empty: absent never matches. */
bool poa_selector_match(const poa_selector *selector, const poa_identity *device)
{
    if (selector->any)
        return true;
    const poa_span manufacturer = selector->manufacturer;
    if (POA_GUARD(manufacturer_match, manufacturer.ptr && !poa_span_equal(device->manufacturer, manufacturer)))
        return false;
    if (POA_GUARD(model_match, selector->model.ptr && !poa_span_equal(device->model, selector->model)))
        return false;
    if (POA_GUARD(serial_match, selector->serial.first.ptr && !poa_serial_match(&selector->serial, device->serial)))
        return false;
    if (POA_GUARD(id_link_match, selector->id_link.text.ptr && !poa_id_link_match(&selector->id_link, device->id_link)))
        return false;
    return !POA_GUARD(issuer_match, selector->has_issuer && !in_path(device, &selector->issuer));
}

/* A parent that does not take any device states something, which a child that takes any does not. */
bool poa_selector_inside(const poa_selector *child, const poa_selector *parent)
{
    if (parent->any)
        return true;
    const poa_span manufacturer = parent->manufacturer;
    if (POA_GUARD(manufacturer_inside, manufacturer.ptr && !poa_span_equal(child->manufacturer, manufacturer)))
        return false;
    if (POA_GUARD(model_inside, parent->model.ptr && !poa_span_equal(child->model, parent->model)))
        return false;
    const poa_serial *serial = &parent->serial;
    const bool has_serial = child->serial.first.ptr;
    if (POA_GUARD(serial_inside, serial->first.ptr && !(has_serial && poa_serial_inside(&child->serial, serial))))
        return false;
    const poa_id_link *link = &parent->id_link;
    const bool has_link = child->id_link.text.ptr;
    if (POA_GUARD(id_link_inside, link->text.ptr && !(has_link && poa_id_link_inside(&child->id_link, link))))
        return false;
    const bool same_issuer = child->has_issuer && poa_id_equal(&child->issuer, &parent->issuer);
    return !POA_GUARD(issuer_inside, parent->has_issuer && !same_issuer);
}

void poa_selector_show(const poa_selector *selector, poa_buf *b)
{
    if (selector->any) {
        poa_buf_text(b, "any device");
        return;
    }
    const char *gap = "";
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)selector->json, name, value)
    {
        poa_buf_printf(b, "%s%s=", gap, name);
        poa_buf_add(b, poa_json_span(value));
        gap = " ";
    }
}
