#ifndef POA_BASE_OPTION_NAMES_H
#define POA_BASE_OPTION_NAMES_H

#include "nearest.h"

#include <argp.h>

/**
 * poa_options_unknown() - the first long option of a command line that its parser does not have in full.
 * @argp:    the parser and its children
 * @nearest: word is set to the option's name without dashes, best to the nearest one that there is, or NULL
 *
 * argp itself takes abbreviations: one of today may be ambiguous tomorrow, and an option that relaxes a check shall be
 * typed out. "help" and "usage" are argp's own. Short options are left to argp.
 *
 * Return: the argument, or NULL when all are known.
 */
const char *poa_options_unknown(const struct argp *argp, int argc, char **argv, poa_nearest *nearest);

#endif
