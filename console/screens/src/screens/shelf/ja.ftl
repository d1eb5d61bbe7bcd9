## Shelf

title-shelf = 棚に入れる
shelf-about = カードと受領票を一緒に鍵のかかる棚に入れ、その場所を入れてください。
shelf-field = 棚の場所
shelf-hint = 例 A-12(全角でもかまいません)
shelf-not-a-place = 棚の場所として読めません(例 A-12)。
shelf-done = { $place } に保管しました。通知書を送ってください。
