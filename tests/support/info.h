/*
 * info.h — one field of what INFO says.
 */
#ifndef LK_TEST_INFO_H
#define LK_TEST_INFO_H

#include "tests/support/client.h"

#include <string>

namespace lk
{

/* Of any section; empty if it is not there. */
inline std::string info(Client *c, const std::string &field)
{
    const std::string all = "\r\n" + c->call({"INFO", "everything"}).text,
                      name = "\r\n" + field + ":";
    const size_t at = all.find(name);
    if (at == std::string::npos)
        return "";
    const size_t begin = at + name.size();
    return all.substr(begin, all.find('\r', begin) - begin);
}

} // namespace lk

#endif
