#include "path.h"

#include "guard.h"
#include "span.h"

bool poa_path_covers(poa_span outer, poa_span inner)
{
    if (POA_GUARD(path_prefix, !poa_span_starts(inner, outer)))
        return false;
    const poa_span below = poa_span_skip(inner, outer.len);
    /* Whole segments: hall-2 does not cover hall-22. */
    return !POA_GUARD(path_segment, below.len > 0 && below.ptr[0] != '/');
}

bool poa_segment_is_dots(poa_span segment)
{
    return poa_span_is(segment, ".") || poa_span_is(segment, "..");
}
