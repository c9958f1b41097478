"""The style sheet of the report."""

__all__ = ["STYLE"]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2733; background: #fff;
  max-width: 1240px; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .2rem; border-top: 1px solid #dde2e7; padding-top: 1rem; }
h3 { font-size: 1rem; margin: 0 0 .4rem; }
h4 { font-size: .8rem; margin: 0; color: #5b6875; text-transform: uppercase;
  letter-spacing: .05em; }
.note, .dim { color: #5b6875; } .note { margin: 0 0 .6rem; font-size: .9rem; }
.dim { font-size: .85em; font-weight: normal; } .inner { padding-left: 1.2em; }
.notes { background: #fff8e6; border-left: 4px solid #d69e2e; padding: .6rem 1rem .6rem 2rem; }
.id { white-space: nowrap; } .wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top;
  border-bottom: 1px solid #eef1f4; overflow-wrap: anywhere; }
th { font-size: .8rem; color: #5b6875; font-weight: 600; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.picture svg { max-width: 100%; height: auto; }
section { border: 1px solid #dde2e7; border-radius: 6px; padding: .8rem 1rem; margin: 1rem 0; }
section .wide { margin-top: .6rem; font-size: .9rem; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1.4rem; }
.text { margin: .2rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.legend mark { margin-right: .6rem; }
mark { color: inherit; border-radius: 3px; padding: 0 2px; background: none; }
.right { background: #e6f2ea; }
.missed { background: #fde2e1; box-shadow: inset 0 -2px 0 #c53030; }
.spurious { background: #fbe3f4; box-shadow: inset 0 -2px 0 #b83280; }
.boundary { background: #fdecc8; box-shadow: inset 0 -2px 0 #b7791f; }
.type { background: #dfe7fb; box-shadow: inset 0 -2px 0 #2b4fa8; }
.identifier { background: #d3f0f5; border-bottom: 2px dashed #0b7285; }
.both { background: #e6defa; box-shadow: inset 0 -2px 0 #6b46c1; }
@media (max-width: 760px) { .sides { grid-template-columns: 1fr; } }
@media print { section { break-inside: avoid; } }
"""
