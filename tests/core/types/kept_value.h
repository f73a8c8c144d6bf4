// A value kept the way an entry keeps it: a kind, an exact heap block as payload, a resize that can
// be told to fail, and a view that may be opened over it.
//
// edit(f) opens the value, calls f(value_edit *), and closes it.  cut() keeps the value as it is
// now for a view; from then on edits copy what the view reads, and frozen() gives the view's value
// until close_view() frees what was kept.
#ifndef TESTS_CORE_TYPES_KEPT_VALUE_H
#define TESTS_CORE_TYPES_KEPT_VALUE_H

#include "core/base/mem.h"
#include "core/types/value.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

class KeptValue
{
  public:
    KeptValue(unsigned type, const type_limits *limits) : limits_(limits)
    {
        view_.owner = this;
        value v;
        type_ops_get(type)->empty(&v);
        put(v);
    }
    KeptValue(const KeptValue &) = delete;
    ~KeptValue()
    {
        close_view();
        value v = get();
        value_release(&v);
    }

    // Takes v's nodes; nobody may look at the old value through a view.
    void put(const value &v)
    {
        kind_ = value_kind(&v);
        size_ = value_payload_size(&v);
        payload_ = std::make_unique<char[]>(size_);
        value_payload_write(&v, payload_.get());
    }

    value get() const
    {
        return read(kind_, payload_.get(), size_);
    }

    template <class F> auto edit(F f)
    {
        if (view_.epoch != 0 && !private_) {
            // As an entry that a view may see: the payload is copied before it is changed.
            frozen_payload_ = std::move(payload_);
            payload_ = std::make_unique<char[]>(size_);
            memcpy(payload_.get(), frozen_payload_.get(), size_);
            private_ = true;
        }
        Edit e{};
        e.value = get();
        e.cow = view_.epoch ? &view_ : nullptr;
        e.limits = limits_;
        e.resize = resize;
        e.owner = this;
        const auto result = f(static_cast<value_edit *>(&e));
        EXPECT_EQ(value_payload_size(&e.value), size_) << "closing must not need memory";
        kind_ = value_kind(&e.value);
        if (!value_is_inline(e.value.encoding))
            value_payload_write(&e.value, payload_.get());
        return result;
    }

    void cut()
    {
        close_view();
        view_.epoch = ++epoch_;
        view_.defer = defer;
        frozen_kind_ = kind_;
        frozen_size_ = size_;
        private_ = false;
    }

    value frozen() const
    {
        return read(frozen_kind_, private_ ? frozen_payload_.get() : payload_.get(), frozen_size_);
    }

    void close_view()
    {
        view_.epoch = 0;
        for (const auto &[p, size] : deferred_)
            mem_free(p, size);
        deferred_.clear();
        frozen_payload_.reset();
        private_ = false;
    }

    bool fail = false; // the next resize gives no memory

  private:
    struct Edit : value_edit {
        KeptValue *owner;
    };
    struct View : cow {
        KeptValue *owner;
    };

    static value read(uint8_t kind, const char *payload, size_t size)
    {
        value v;
        value_payload_read(kind, payload, size, &v);
        return v;
    }

    static char *resize(value_edit *edit, size_t size)
    {
        KeptValue *k = static_cast<Edit *>(edit)->owner;
        if (k->fail)
            return nullptr;
        auto more = std::make_unique<char[]>(size);
        memcpy(more.get(), k->payload_.get(), std::min(size, k->size_));
        k->payload_ = std::move(more);
        k->size_ = size;
        edit->value.as.bytes = bytes_of(k->payload_.get(), size);
        return k->payload_.get();
    }

    static void defer(cow *c, void *p, size_t size)
    {
        static_cast<View *>(c)->owner->deferred_.emplace_back(p, size);
    }

    const type_limits *limits_;
    uint8_t kind_ = 0, frozen_kind_ = 0;
    size_t size_ = 0, frozen_size_ = 0;
    std::unique_ptr<char[]> payload_, frozen_payload_;
    View view_{};
    uint32_t epoch_ = 0;
    bool private_ = false;
    std::vector<std::pair<void *, size_t>> deferred_;
};

#endif
