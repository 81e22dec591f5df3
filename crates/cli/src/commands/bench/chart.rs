//! A chart of seconds by phase against cycles: a panel a guest, a bar a number of cycles.

use plotters::backend::SVGBackend;
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Rectangle, Text};
use plotters::style::{Color, IntoFont, RGBColor, WHITE};

use super::markdown::phase_names;
use super::summary::Summary;
use crate::phases::ORDER;

/// Width and height of a panel, in pixels.
const PANEL: (u32, u32) = (460, 300);
/// Height of the legend, in pixels.
const LEGEND: u32 = 40;
/// Panels beside each other.
const COLUMNS: usize = 2;
/// Half the width of a bar, the distance of a power of two being 1.
const HALF_BAR: f64 = 0.35;

/// One a phase, in their order.
const COLOURS: [RGBColor; ORDER.len()] = [
    RGBColor(0x88, 0x88, 0x88),
    RGBColor(0xdd, 0xcc, 0x77),
    RGBColor(0xcc, 0x66, 0x77),
    RGBColor(0x33, 0x22, 0x88),
    RGBColor(0x88, 0xcc, 0xee),
    RGBColor(0x11, 0x77, 0x33),
    RGBColor(0xaa, 0x44, 0x99),
    RGBColor(0x44, 0xaa, 0x99),
    RGBColor(0xdd, 0xdd, 0xdd),
];
/// Of phases that have no order.
const UNKNOWN: RGBColor = RGBColor(0x88, 0x22, 0x55);

/// Why there is no chart.
pub type Failure = DrawingAreaErrorKind<std::io::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The chart as SVG.
///
/// # Errors
/// What the backend says. Writing to a string, it has no reason to.
pub fn draw(summaries: &[Summary]) -> Result<String, Failure> {
    let panels = panels(summaries);
    let phases = phase_names(summaries);
    let columns = panels.len().clamp(1, COLUMNS);
    let rows = panels.len().div_ceil(columns).max(1);
    let times = |length: u32, count: usize| length.saturating_mul(count as u32);
    let size = (times(PANEL.0, columns), times(PANEL.1, rows) + LEGEND);
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (top, rest) = root.split_vertically(LEGEND);
        draw_legend(&top, &phases)?;
        for (area, runs) in rest.split_evenly((rows, columns)).iter().zip(&panels) {
            draw_panel(area, runs, &phases)?;
        }
        root.present()?;
    }
    Ok(text)
}

/// The runs of each guest.
fn panels(summaries: &[Summary]) -> Vec<Vec<&Summary>> {
    let mut panels: Vec<Vec<&Summary>> = Vec::new();
    for summary in summaries {
        let of_guest = |panel: &&mut Vec<&Summary>| {
            panel.first().is_some_and(|run| run.guest == summary.guest)
        };
        match panels.iter_mut().find(of_guest) {
            Some(panel) => panel.push(summary),
            None => panels.push(vec![summary]),
        }
    }
    panels
}

/// A phase has its colour whichever others there are.
fn colour(phase: &str) -> RGBColor {
    let index = ORDER.iter().position(|name| *name == phase);
    let colour = index.and_then(|index| COLOURS.get(index));
    colour.copied().unwrap_or(UNKNOWN)
}

/// The names of the phases in a line.
fn draw_legend(area: &Area<'_>, phases: &[&str]) -> Result<(), Failure> {
    let mut x = 16;
    for phase in phases {
        let square = [(x, 14), (x + 12, 26)];
        area.draw(&Rectangle::new(square, colour(phase).filled()))?;
        let font = ("sans-serif", 14).into_font();
        area.draw(&Text::new((*phase).to_owned(), (x + 18, 14), font))?;
        x += 40 + 8 * i32::try_from(phase.len()).unwrap_or(0);
    }
    Ok(())
}

/// The bars of a guest, first phase at the bottom.
fn draw_panel(area: &Area<'_>, runs: &[&Summary], phases: &[&str]) -> Result<(), Failure> {
    let guest = runs.first().map_or("", |run| run.guest);
    let logs = || runs.iter().map(|run| (run.cycles.max(1) as f64).log2());
    let left = logs().fold(f64::INFINITY, f64::min).min(64.0);
    let right = logs().fold(0.0, f64::max);
    let (left, right) = ((left - 1.0).floor(), (right + 1.0).ceil());
    let total = |run: &&Summary| run.phases.values().sum::<f64>();
    let highest = runs.iter().map(total).fold(0.0, f64::max).max(1e-3);
    let mut chart = ChartBuilder::on(area)
        .caption(guest, ("sans-serif", 17))
        .margin(10)
        // Half a label sticks out.
        .margin_right(24)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(left..right, 0.0..highest * 1.05)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .y_labels(6)
        .x_desc("cycles")
        .y_desc("seconds")
        .x_labels(1 + (right - left) as usize)
        .x_label_formatter(&|log| match log.fract() == 0.0 {
            true => format!("2^{log}"),
            false => String::new(),
        })
        .draw()?;
    for (run, log) in runs.iter().zip(logs()) {
        let mut bottom = 0.0;
        for phase in phases {
            let top = bottom + run.phases.get(*phase).copied().unwrap_or(0.0);
            let corners = [(log - HALF_BAR, bottom), (log + HALF_BAR, top)];
            let bar = Rectangle::new(corners, colour(phase).filled());
            chart.draw_series([bar])?;
            bottom = top;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::example;
    use super::*;

    fn text_of(svg: &str) -> Vec<String> {
        let document = roxmltree::Document::parse(svg).expect("well-formed XML");
        let texts = document
            .descendants()
            .filter(|node| node.has_tag_name("text"));
        texts
            .filter_map(|node| Some(node.text()?.trim().to_owned()))
            .collect()
    }

    #[test]
    fn guests_phases_and_axes_are_named() {
        let summaries = [
            example("sort", 1 << 15),
            example("sort", 1 << 18),
            example("commitment", 25),
        ];
        let svg = draw(&summaries).expect("a chart");
        let text = text_of(&svg);
        let count = |name: &str| text.iter().filter(|text| *text == name).count();
        for name in ["sort", "commitment", "fill", "other", "2^15", "2^18", "2^5"] {
            assert_eq!(count(name), 1, "{name} in {text:?}");
        }
        for name in ["cycles", "seconds"] {
            assert_eq!(count(name), 2, "{name} in {text:?}");
        }
        // Two phases in three bars.
        for name in ["fill", "other"] {
            let RGBColor(red, green, blue) = colour(name);
            let fill = format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"");
            assert_eq!(svg.matches(&fill).count(), 1 + 3, "{name}");
        }
    }

    #[test]
    fn a_chart_of_nothing_is_empty() {
        assert!(text_of(&draw(&[]).expect("a chart")).is_empty());
    }

    #[test]
    fn phases_differ_in_colour() {
        for (index, phase) in ORDER.iter().enumerate() {
            let rest = ORDER.iter().skip(index + 1).chain([&"unheard of"]);
            assert!(rest.into_iter().all(|other| colour(other) != colour(phase)));
        }
    }
}
