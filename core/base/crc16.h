/*
 * crc16.h — the checksum that says which hash slot a key belongs to.
 *
 * CRC-16/XMODEM: polynomial 0x1021, begins with 0, nothing reflected; of "123456789" it is 0x31C3.
 */
#ifndef LK_BASE_CRC16_H
#define LK_BASE_CRC16_H

#include "core/base/bytes.h"

LK_BEGIN

uint16_t crc16_xmodem(struct bytes b);

LK_END

#endif
