use super::*;

/// The column `y` is the target.
const PLAIN: Reading<'_> = Reading {
    target: "y",
    ignore: &[],
    categorical: &[],
    classification: false,
    missing: Missing::Refuse,
    split: None,
};

fn parse(text: &str, reading: &Reading<'_>) -> std::result::Result<Table, String> {
    Sheet::parse(text.as_bytes()).and_then(|sheet| Table::of(sheet, reading))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn levels(of: &[&str], indices: &[usize]) -> Cells {
    Cells::Levels(names(of), indices.to_vec())
}

#[test]
fn features_and_target_by_hand() {
    let table = parse("a,y,b\n1,2,3\n4,5,6\n", &PLAIN).unwrap();
    let column = |name: &str, numbers: &[f64]| Column {
        name: name.to_owned(),
        cells: Cells::Numbers(numbers.to_vec()),
    };
    assert_eq!(table.features, [column("a", &[1.0, 4.0]), column("b", &[3.0, 6.0])]);
    assert_eq!((table.targets(), table.rows()), (&[2.0, 5.0][..], 2));
    assert!(table.classes().is_none() && table.parts.is_none() && table.left_out == 0);
}

/// Levels are sorted, whichever comes first; numbers can be names too.
#[test]
fn text_becomes_levels() {
    let text = "color,zip,y\nred,10,1\nblue,9,2\nred,10,3\n";
    let table = parse(text, &PLAIN).unwrap();
    assert_eq!(table.features[0].cells, levels(&["blue", "red"], &[1, 0, 1]));
    assert_eq!(table.features[1].cells, Cells::Numbers(vec![10.0, 9.0, 10.0]));
    let categorical = &names(&["zip"]);
    let table = parse(text, &Reading { categorical, ..PLAIN }).unwrap();
    assert_eq!(table.features[1].cells, levels(&["9", "10"], &[1, 0, 1]));
}

#[test]
fn a_target_may_be_a_class() {
    let table = parse("a,y\n1,no\n2,yes\n3,no\n", &PLAIN).unwrap();
    assert_eq!(table.target.cells, levels(&["no", "yes"], &[0, 1, 0]));
    assert_eq!((table.classes().unwrap().len(), table.rows()), (2, 3));
    let numbers = "a,y\n1,10\n2,2\n3,10\n";
    assert_eq!(parse(numbers, &PLAIN).unwrap().targets(), [10.0, 2.0, 10.0]);
    let table = parse(numbers, &Reading { classification: true, ..PLAIN }).unwrap();
    assert_eq!(table.target.cells, levels(&["2", "10"], &[1, 0, 1]));
    for text in ["a,y\n1,no\n2,no\n", "a,y\n1,no\n2,yes\n"] {
        let error = parse(text, &PLAIN).unwrap_err();
        assert!(error.contains("column `y`") && error.contains("name another target"), "{error}");
    }
}

#[test]
fn ignored_columns_are_not_read() {
    let text = "id,a,y\nx1,1,2\nx2,3,4\nx3,5,6\n";
    let error = parse(text, &PLAIN).unwrap_err();
    assert!(error.contains("column `id`: every text is different"), "{error}");
    assert!(error.contains("put it into `ignore`"), "{error}");
    let ignore = &names(&["id"]);
    assert_eq!(parse(text, &Reading { ignore, ..PLAIN }).unwrap().features.len(), 1);
    let error = parse(text, &Reading { ignore: &names(&["ids"]), ..PLAIN }).unwrap_err();
    assert!(error.contains("ignore: unknown column `ids`") && error.contains("`id`?"), "{error}");
    let error = parse(text, &Reading { ignore: &names(&["id", "a"]), ..PLAIN }).unwrap_err();
    assert!(error.contains("no column other than the target `y`"), "{error}");
}

/// A level needs a column of its own: 50 are the most.
#[test]
fn too_many_levels_are_rejected() {
    let text = |levels: usize| -> String {
        let rows = (0..2 * levels).map(|row| format!("level {},{row}\n", row % levels));
        format!("a,y\n{}", rows.collect::<String>())
    };
    assert!(parse(&text(50), &PLAIN).is_ok());
    let error = parse(&text(51), &PLAIN).unwrap_err();
    assert!(error.contains("column `a`: 51 different texts, at most 50"), "{error}");
}

/// All columns with missing cells are named at once, with their counts and first lines.
#[test]
fn missing_cells_are_refused_together() {
    let text = "a,b,c,y\n1,red,,2\nNA,red,3,4\nnull,?,3,NaN\n,blue,3,5\n?,red,4,6\n";
    let error = parse(text, &PLAIN).unwrap_err();
    let lines: Vec<&str> = error.lines().map(str::trim).collect();
    assert_eq!(
        lines[1..],
        [
            "column `a`: 4 cells, in lines 3, 4, 5, …",
            "column `b`: 1 cell, in line 4",
            "column `c`: 1 cell, in line 2",
            "column `y`: 1 cell, in line 4"
        ]
    );
    assert!(lines[0].contains("missing = \"mean\""), "{error}");
    // What is ignored may be missing.
    let (ignore, target) = (&names(&["a", "c", "y"]), "b");
    assert!(parse(text, &Reading { ignore, target, ..PLAIN }).unwrap_err().contains("`b`"));
}

#[test]
fn missing_cells_can_be_filled() {
    let text = "a,b,y\n1,red,2\nNA,red,4\n7,red,NaN\n4,?,5\n";
    let table = parse(text, &Reading { missing: Missing::Mean, ..PLAIN }).unwrap();
    assert_eq!((table.rows(), table.left_out, table.targets()), (3, 1, &[2.0, 4.0, 5.0][..]));
    let Cells::Numbers(numbers) = &table.features[0].cells else { panic!("numbers") };
    assert!(numbers[0] == 1.0 && numbers[1].is_nan() && numbers[2] == 4.0, "{numbers:?}");
    assert_eq!(table.features[1].cells, levels(&["red", "missing"], &[0, 0, 1]));
    let error = parse("a,y\n1,\n2,\n", &Reading { missing: Missing::Mean, ..PLAIN }).unwrap_err();
    assert!(error.contains("no row has a number or a text in `y`"), "{error}");
}

#[test]
fn a_column_can_split_the_rows() {
    let rows = "1,2,test\n3,4,train\n5,6,validation\n7,8,train\n";
    let reading = Reading { split: Some("part"), ..PLAIN };
    let table = parse(&format!("a,y,part\n{rows}"), &reading).unwrap();
    let parts = Parts { train: vec![1, 3], validation: vec![2], test: vec![0] };
    assert_eq!((table.parts, table.features.len()), (Some(parts), 1));
    let error = parse(&format!("a,y,part\n{rows}9,9,valid\n"), &reading).unwrap_err();
    let expected = "line 6, column `part`: the cell is `valid`; expected train, validation or test";
    assert!(error.contains(expected), "{error}");
    let error = parse("a,y,part\n1,2,test\n3,4,train\n", &reading).unwrap_err();
    assert!(error.contains("no row has `validation` in column `part`"), "{error}");
}

/// Bad cells are listed together, each with its line and column.
#[test]
fn bad_cells_are_listed() {
    for (text, words) in [
        ("a,y\n1,2\n3,4\n5,x\n", &["line 4, column `y`: the cell is `x`"] as &[_]),
        ("a,y\n1,2\ninf,3\n", &["line 3, column `a`: the cell is `inf`; expected a finite"]),
        ("a;y\n1;2,5\n3;1\n", &["`2,5`; expected a finite number with a decimal point"]),
        (
            "a,b,y\n1,1,2\n3,x,4\nz,5,5\n6,6,6\n",
            &["2 problems", "line 4, column `a`: the cell is `z`", "line 3, column `b`"],
        ),
    ] {
        let error = parse(text, &PLAIN).unwrap_err();
        assert!(words.iter().all(|words| error.contains(words)), "{text:?}: {error}");
    }
}
