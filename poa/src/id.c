#include "poa/id.h"

#include "base64url.h"

#include <string.h>

bool poa_id_parse(poa_span text, poa_id *out)
{
    poa_id id;
    if (!poa_base64url_decode_exact(text, id.bytes, sizeof id.bytes))
        return false;
    *out = id;
    return true;
}

poa_id_text poa_id_print(const poa_id *id)
{
    poa_id_text text;
    poa_base64url_encode(id->bytes, sizeof id->bytes, text.chars);
    return text;
}

bool poa_id_equal(const poa_id *a, const poa_id *b)
{
    unsigned char differ = 0;
    for (size_t i = 0; i < sizeof a->bytes; i++)
        differ |= a->bytes[i] ^ b->bytes[i];
    return differ == 0;
}
