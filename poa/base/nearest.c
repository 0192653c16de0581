#include "nearest.h"

#include "span.h"

#include <string.h>

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Edits that turn a into b (Levenshtein), one row at a time; both at most WORD_MAX long. */
static size_t edits(poa_span a, poa_span b)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            const size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a.ptr[i - 1] != b.ptr[j - 1]));
            diagonal = above;
        }
    }
    return row[b.len];
}

void poa_nearest_offer(poa_nearest *n, const char *name)
{
    const poa_span candidate = poa_span_of(name);
    if (n->word.len == 0 || n->word.len > WORD_MAX || candidate.len > WORD_MAX)
        return;
    /* A beginning of the name counts as near: somebody abbreviated it. */
    const size_t distance = poa_span_starts(candidate, n->word) ? 1 : edits(n->word, candidate);
    const size_t bearable = n->word.len < 3 ? 1 : 2 + n->word.len / 8;
    if (distance > bearable || (n->best && distance >= n->distance))
        return;
    n->best = name;
    n->distance = distance;
}
