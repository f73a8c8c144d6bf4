/*
 * attr.h — what the compiler can check for us.
 *
 * LK_ASSERT is for our own bugs: it reports and aborts, also in release builds.
 */
#ifndef LK_BASE_ATTR_H
#define LK_BASE_ATTR_H

#ifdef __cplusplus
#define LK_BEGIN extern "C" {
#define LK_END   }
#else
#define LK_BEGIN
#define LK_END
#endif

#define LK_MUST_USE           __attribute__((warn_unused_result))
#define LK_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define LK_NORETURN           __attribute__((noreturn))
#define LK_COLD               __attribute__((cold, noinline))
#define LK_NOINLINE           __attribute__((noinline))
/* Of the path of every command: part of its caller, whatever its size. */
#define LK_HOT_INLINE  static inline __attribute__((always_inline))
#define LK_LIKELY(x)   __builtin_expect(!!(x), 1)
#define LK_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LK_CACHE_LINE  64
#define LK_PREFETCH(p) __builtin_prefetch((p), 0, 3)

LK_BEGIN
/* Prints the broken condition, a stack when one can be had, and aborts. */
LK_NORETURN LK_COLD void lk_assert_fail(const char *condition, const char *file, int line);
LK_END

#define LK_ASSERT(c) (LK_LIKELY(c) ? (void)0 : lk_assert_fail(#c, __FILE__, __LINE__))
#ifdef LK_DEBUG
#define LK_DEBUG_ASSERT(c) LK_ASSERT(c)
#else
#define LK_DEBUG_ASSERT(c) ((void)0)
#endif

#endif
