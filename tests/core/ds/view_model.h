// view_model.h: a view as the store keeps one: an epoch, and the blocks to free when it closes.
#ifndef LK_TESTS_DS_VIEW_MODEL_H
#define LK_TESTS_DS_VIEW_MODEL_H

#include "core/base/mem.h"
#include "core/ds/cow.h"

#include <cstdint>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

class View
{
  public:
    View()
    {
        cow_.view = this;
        cow_.base.epoch = 0;
        cow_.base.defer = &View::defer;
    }
    View(const View &) = delete;
    View &operator=(const View &) = delete;
    ~View()
    {
        close();
    }

    struct cow *cow()
    {
        return &cow_.base;
    }
    bool is_open() const
    {
        return cow_.base.epoch != 0;
    }
    void open()
    {
        cow_.base.epoch = ++last_epoch_;
    }
    void close()
    {
        cow_.base.epoch = 0;
        for (const auto &[p, size] : deferred_)
            mem_free(p, size);
        deferred_.clear();
    }

  private:
    struct Cow {
        struct cow base;
        View *view;
    } cow_;
    uint32_t last_epoch_ = 0;
    std::vector<std::pair<void *, size_t>> deferred_;

    static void defer(struct cow *cow, void *p, size_t size)
    {
        View *view = reinterpret_cast<Cow *>(cow)->view;
        EXPECT_NE(cow->epoch, 0u) << "deferred without a view";
        view->deferred_.emplace_back(p, size);
    }
};

#endif
