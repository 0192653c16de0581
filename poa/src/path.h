#ifndef POA_SRC_PATH_H
#define POA_SRC_PATH_H

#include "poa/span.h"

#include <stdbool.h>

/* Does the path outer cover inner: the same, or below it by whole segments? Both are valid and without final slash. */
bool poa_path_covers(poa_span outer, poa_span inner);

/* Is a segment "." or ".."? */
bool poa_segment_is_dots(poa_span segment);

#endif
