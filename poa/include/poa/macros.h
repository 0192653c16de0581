#ifndef POA_MACROS_H
#define POA_MACROS_H

/** The caller must look at the result: an ignored error is a hole. */
#define POA_MUST_USE __attribute__((warn_unused_result))

/** Part of the library's public, versioned interface: a declaration that C++ reads, too. */
#ifdef __cplusplus
#define POA_API extern "C" __attribute__((visibility("default")))
#else
#define POA_API extern __attribute__((visibility("default")))
#endif

#endif
