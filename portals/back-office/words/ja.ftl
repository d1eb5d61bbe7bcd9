welcome-title = 記録を持つ役所の窓口
welcome-lead = ここは記録を答える機械の入口です。
about-title = 記録を答えるところ
about-text = ここは、マイページなどに記録を答える機械の入口です。あなたの記録は、マイページで見られます。
