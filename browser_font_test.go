package cloudfront

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// squareFont makes a TrueType font in which "A" is a square: the smallest that
// browsers accept (ISO/IEC 14496-22).
func squareFont(t *testing.T) []byte {
	const size = 1000 // units per em
	pack := func(values ...any) []byte {
		var b bytes.Buffer
		for _, v := range values {
			if err := binary.Write(&b, binary.BigEndian, v); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	square := pack(
		int16(1), int16(0), int16(0), int16(size), int16(size), // one contour and its box
		uint16(3), uint16(0), // the last point, no instructions
		[]byte{1, 1, 1, 1},                        // all points are on the curve
		[]int16{0, 0, size, 0, 0, size, 0, -size}, // steps to them: all x, then all y
		uint16(0), // padding to a multiple of four
	)
	name := pack(uint16(0), uint16(1), uint16(18), []uint16{3, 1, 0x409, 6, 12, 0}, []uint16{'S', 'q', 'u', 'a', 'r', 'e'})
	tables := []struct {
		tag  string
		data []byte
	}{
		{"OS/2", pack(uint16(0), int16(size), uint16(400), uint16(5), uint16(0), make([]int16, 10), int16(0), make([]byte, 10), make([]uint32, 4),
			[]byte("NONE"), uint16(64), uint16('A'), uint16('A'), int16(size), int16(0), int16(0), uint16(size), uint16(0))},
		{"cmap", pack(uint16(0), uint16(1), uint16(3), uint16(1), uint32(12), // Windows, Unicode
			uint16(4), uint16(32), uint16(0), uint16(4), uint16(4), uint16(1), uint16(0), // format 4, two segments
			[]uint16{'A', 0xffff}, uint16(0), []uint16{'A', 0xffff}, []uint16{0x10000 - 'A' + 1, 1}, []uint16{0, 0})},
		{"glyf", square},
		{"head", pack(uint32(0x10000), uint32(0x10000), uint32(0), uint32(0x5f0f3cf5), uint16(0), uint16(size), make([]byte, 16),
			int16(0), int16(0), int16(size), int16(size), uint16(0), uint16(8), int16(2), int16(0), int16(0))},
		{"hhea", pack(uint32(0x10000), int16(size), int16(0), int16(0), uint16(size), int16(0), int16(0), int16(size), int16(1), make([]int16, 7), uint16(2))},
		{"hmtx", pack([]int16{size, 0, size, 0})},
		{"loca", pack([]uint16{0, 0, uint16(len(square) / 2)})}, // the first glyph is empty
		{"maxp", pack(uint32(0x10000), uint16(2), uint16(4), uint16(1), make([]uint16, 2), uint16(2), make([]uint16, 8))},
		{"name", name},
		{"post", pack(uint32(0x30000), make([]byte, 28))},
	}
	font := pack(uint32(0x10000), uint16(len(tables)), uint16(128), uint16(3), uint16(len(tables)*16-128))
	var body []byte
	for _, table := range tables {
		start := 12 + 16*len(tables) + len(body)
		body = append(body, table.data...)
		body = append(body, make([]byte, -len(body)&3)...)
		var sum uint32
		padded := body[start-12-16*len(tables):]
		for i := 0; i < len(padded); i += 4 {
			sum += binary.BigEndian.Uint32(padded[i:])
		}
		font = append(font, table.tag...)
		font = append(font, pack(sum, uint32(start), uint32(len(table.data)))...)
	}
	return append(font, body...)
}
