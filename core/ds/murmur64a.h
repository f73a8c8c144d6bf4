/*
 * murmur64a.h — MurmurHash64A, which decides what a HyperLogLog holds.
 *
 * Registers travel in snapshots and between servers, so every server must hash an element alike.
 * Nothing else may use it: whoever chooses the elements can make them collide.
 *
 * Source   Austin Appleby's MurmurHash2, 64-bit version, public domain; words are little-endian
 */
#ifndef LK_DS_MURMUR64A_H
#define LK_DS_MURMUR64A_H

#include "core/base/bytes.h"

LK_BEGIN

uint64_t murmur64a(struct bytes b, uint64_t seed);

LK_END

#endif
