/*
 * Prints docs/settings.md from the one table of settings. `meson test docs_settings` holds the committed file against
 * it.
 */

#include "cleanup.h"
#include "settings.h"

#include <stdio.h>
#include <string.h>

static void print_row(const setting *s)
{
    POA_CLEANUP(poa_buf_clear) poa_buf expected = {0};
    POA_CLEANUP(poa_buf_clear) poa_buf fallback = {0};
    setting_expected(s, &expected);
    setting_default(s, &fallback);
    printf("| `%s` | %s | %s | %s |\n", s->pointer, s->help, expected.text, fallback.text);
}

int main(void)
{
    printf("# Settings of poa-authz-server\n\n"
           "<!-- Printed by docs/print_settings.c from authz-server/settings.c. Do not edit. -->\n\n"
           "The scalars of the configuration file, by their JSON pointers. The flag of `/limits/links` is\n"
           "`--limits-links`, its variable `POA_AUTHZ_LIMITS_LINKS`: a flag comes before the environment, that before\n"
           "the file, that before the default. Relative names in the file, and defaults, are relative to its folder;\n"
           "those of flags and environment to where the program runs. A variable that begins with `POA_AUTHZ_` and is\n"
           "no setting is an error. The lists of the file are in [operations.md](operations.md).\n\n"
           "| Member | What | Value | Default |\n"
           "| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < settings_len; i++)
        print_row(&settings[i]);
    return 0;
}
