#include "constraint.h"

#include "bounds.h"
#include "constraint_list.h"
#include "guard.h"
#include "json.h"
#include "path.h"
#include "power.h"
#include "span.h"

/* locations: site paths; each covers itself and what is below it. Inside: each is covered by one of the parent's. */

/* [A-Za-z0-9._-]{1,64}, neither . nor .. */
static bool is_segment(poa_span segment)
{
    if (POA_GUARD(location_segment_length, segment.len < 1 || segment.len > POA_SEGMENT_BYTES_MAX))
        return false;
    for (size_t i = 0; i < segment.len; i++) {
        const char c = segment.ptr[i];
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '_' || c == '-';
        if (POA_GUARD(location_segment_chars, !plain))
            return false;
    }
    return !POA_GUARD(location_segment_dots, poa_segment_is_dots(segment));
}

bool poa_location_is_valid(poa_span text)
{
    size_t segments = 0;
    poa_fields fields = poa_fields_of(text, '/');
    poa_span segment;
    while (poa_fields_next(&fields, &segment)) {
        if (!is_segment(segment))
            return false;
        if (POA_GUARD(location_segments, ++segments > POA_LOCATION_SEGMENTS_MAX))
            return false;
    }
    return true;
}

bool poa_location_covers(poa_span outer, poa_span inner)
{
    return poa_path_covers(outer, inner);
}

static bool location_read(const json_t *json, void *item)
{
    poa_span *location = item;
    *location = poa_json_span(json);
    return poa_location_is_valid(*location);
}

static bool location_inside(const void *child, const void *parent)
{
    return !POA_GUARD(locations_widened, !poa_location_covers(*(const poa_span *)parent, *(const poa_span *)child));
}

static const poa_list locations = {
    .max = POA_LOCATIONS_MAX,
    .size = sizeof(poa_span),
    .read = location_read,
    .same = poa_list_same_span,
    .inside = location_inside,
    .show = poa_list_show_span,
};

static poa_err read(const json_t *json, poa_value *out)
{
    return poa_list_read(&locations, json, out);
}

static bool inside(const poa_value *child, const poa_value *parent)
{
    return poa_list_inside(&locations, child, parent);
}

static bool match(const poa_value *value, const poa_request *request)
{
    /* What is no site path, such as hall-2/../hall-3, lies nowhere; what is not stated neither. */
    if (POA_GUARD(locations_request_form, !poa_location_is_valid(request->location)))
        return false;
    const poa_span *location = value->items;
    for (size_t i = 0; i < value->count; i++)
        if (!POA_GUARD(locations_refused, !poa_location_covers(location[i], request->location)))
            return true;
    return false;
}

static json_t *asked(const poa_request *request)
{
    return poa_asked_text(request->location);
}

static void show(const poa_value *value, poa_buf *b)
{
    poa_list_show(&locations, value, b);
}

const poa_constraint poa_constraint_locations = {
    .name = "locations",
    .required = true,
    .widened = POA_E_LOCATION_WIDENED,
    .refused = POA_E_LOCATION_NOT_GRANTED,
    .read = read,
    .inside = inside,
    .match = match,
    .asked = asked,
    .show = show,
};
