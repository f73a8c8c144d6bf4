// One string kept the way an entry keeps it: a kind, an exact heap block as payload, and a resize
// that can be told to fail.
#ifndef TESTS_CORE_TYPES_STR_FIXTURE_H
#define TESTS_CORE_TYPES_STR_FIXTURE_H

#include "core/types/str.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>

inline bytes of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

class KeptString
{
  public:
    explicit KeptString(const value &v)
    {
        put(v);
    }
    KeptString(const KeptString &) = delete;
    ~KeptString()
    {
        value v = get();
        value_release(&v);
    }

    void put(const value &v)
    {
        kind_ = value_kind(&v);
        size_ = value_payload_size(&v);
        payload_ = std::make_unique<char[]>(size_);
        value_payload_write(&v, payload_.get());
    }

    value get() const
    {
        value v;
        value_payload_read(kind_, payload_.get(), size_, &v);
        return v;
    }

    std::string text() const
    {
        const value v = get();
        std::string out(str_size(&v), '?');
        EXPECT_EQ(str_read(&v, 0, out.data(), out.size()), out.size());
        return out;
    }

    int set_range(size_t offset, const std::string &piece)
    {
        return edit([&](value_edit *e) { return str_set_range(e, offset, of(piece)); });
    }

    int append(const std::string &tail)
    {
        return edit([&](value_edit *e) { return str_append(e, of(tail)); });
    }

    // Makes it these raw bytes, of which the first `keep` are those that were there.
    int overwrite(size_t keep, const std::string &rest)
    {
        return edit([&](value_edit *e) {
            char *at = str_writable(e, keep + rest.size());
            if (!at)
                return static_cast<int>(LK_ENOMEM);
            memcpy(at + keep, rest.data(), rest.size());
            return static_cast<int>(LK_OK);
        });
    }

    bool fail = false; // the next resize gives no memory

  private:
    struct Edit : value_edit {
        KeptString *owner;
    };

    static char *resize(value_edit *edit, size_t size)
    {
        KeptString *k = static_cast<Edit *>(edit)->owner;
        if (k->fail)
            return nullptr;
        auto more = std::make_unique<char[]>(size);
        memcpy(more.get(), k->payload_.get(), std::min(size, k->size_));
        k->payload_ = std::move(more);
        k->size_ = size;
        edit->value.as.bytes = bytes_of(k->payload_.get(), size);
        return k->payload_.get();
    }

    template <class F> int edit(F f)
    {
        Edit e{};
        e.value = get();
        e.resize = resize;
        e.owner = this;
        const int rc = f(&e);
        EXPECT_EQ(value_payload_size(&e.value), size_) << "closing must not need memory";
        kind_ = value_kind(&e.value);
        value_payload_write(&e.value, payload_.get());
        return rc;
    }

    uint8_t kind_ = 0;
    size_t size_ = 0;
    std::unique_ptr<char[]> payload_;
};

#endif
