/// The look of pages and charts, for light and dark screens.
enum PageStyle {
  /// The colours, as variables of what `selector` names.
  static func colors(of selector: String) -> String {
    """
    \(selector){color-scheme:light dark;--ink:#1c1e21;--soft:#5b6067;--line:#d5d8dc;--paper:#fff;--panel:#f4f5f7;\
    --c0:#2f7fc1;--c1:#c0392b;--c2:#3f9b5f;--c3:#b9822b}
    @media (prefers-color-scheme:dark){\(selector){--ink:#e8eaed;--soft:#a3a9b1;--line:#3b4047;--paper:#16181b;\
    --panel:#1f2226;--c0:#5aa9e6;--c1:#ff6f61;--c2:#63c584;--c3:#dba550}}

    """
  }

  /// Charts of all kinds: what is drawn in ink, softly, as a grid, and in the colours 0 to 3.
  static let chartRules = """
    svg text{fill:var(--ink);font-family:system-ui,sans-serif}svg .soft{fill:var(--soft)}
    svg line{stroke:var(--line)}svg polyline{fill:none;stroke-width:1.8}svg .panel{fill:var(--panel)}
    svg .f0{fill:var(--c0)}svg .f1{fill:var(--c1)}svg .f2{fill:var(--c2)}svg .f3{fill:var(--c3)}
    svg .s0{stroke:var(--c0)}svg .s1{stroke:var(--c1)}svg .s2{stroke:var(--c2)}svg .s3{stroke:var(--c3)}

    """

  /// The page around them.
  static let rules =
    chartRules + """
      body{background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;\
      max-width:1120px;padding:0 1rem}
      h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2rem}
      h3{font-size:1rem;margin:1.4rem 0 .3rem;overflow-wrap:anywhere}
      svg{width:100%;height:auto;display:block}.wide{overflow-x:auto}
      table{border-collapse:collapse}td,th{padding:.2rem .55rem;text-align:left;border-bottom:1px solid var(--line);\
      font-variant-numeric:tabular-nums}th{font-weight:600;color:var(--soft)}.n{text-align:right}td.n{white-space:nowrap}
      .row{display:flex;flex-wrap:wrap;gap:1rem;margin:.6rem 0}figure{margin:0;max-width:520px}
      figcaption{color:var(--soft);font-size:13px;max-width:240px}figure svg{width:355px}figure .row{margin:0;gap:.3rem}
      img{display:block;image-rendering:pixelated;border:1px solid var(--line)}
      .soft{color:var(--soft)}ul{margin:.3rem 0}
      """
}
